/**
 * JWTs (RFC 7519, RFC 8725) with asymmetric signatures of configured issuers, and no others.
 * `token.ts` has checked all that can be checked without a key; here is the signature, by jose, over
 * exactly the text that was read there.
 */

import { compactVerify } from "jose";
import { accountName, type Issuer } from "../../config/config.ts";
import type { Scope } from "../../context.ts";
import { callerId, type Identified } from "../caller.ts";
import { denied, type Result } from "../denial.ts";
import type { Lookup } from "../lookup.ts";
import { type KeySet, keySetAfterMiss, keySetOf } from "./jwks-cache.ts";
import { keysToTry, type SignedWith } from "./keys-to-try.ts";
import { type Claims, hasScope, readToken, scopeWords } from "./token.ts";

/** Signatures checked at most for one token. */
const MAX_CANDIDATES = 10;

/** The caller that a JWT names. Never throws on a bad token. */
export async function identifyByJwt(
  token: string,
  issuers: readonly Issuer[],
  lookup: Lookup,
): Promise<Result<Identified>> {
  const verified = await verifyJwt(token, issuers, lookup);
  if (!verified.ok) return verified;
  const { claims, issuer } = verified;
  if (!hasScope(claims, issuer)) return denied("scope_missing", issuer.issuer);
  const account = accountOf(claims, issuer);
  if (account === null) return denied("account_claim_missing", issuer.issuer);
  const id = await callerId(issuer.issuer, claims.sub);
  const caller = { id, account, scope: scopeOf(claims) };
  return { ok: true, caller, until: claims.exp * 1_000 };
}

/** The claims of a token that one of the issuers has signed. Never throws on a bad token. */
export async function verifyJwt(
  token: string,
  issuers: readonly Issuer[],
  lookup: Lookup,
): Promise<Result<{ claims: Claims; issuer: Issuer }>> {
  const read = readToken(token, issuers, Date.now());
  if (!read.ok) return read;
  const { issuer, claims, signedWith } = read;
  const keys = await keySetOf(issuer, lookup);
  if (keys === null) {
    return denied(lookup.mayAsk ? "keys_unavailable" : "address_limited", issuer.issuer);
  }
  // An address that keeps failing gets one signature checked, not several.
  const candidates = lookup.mayAsk ? MAX_CANDIDATES : 1;
  let denial = await signatureDenial(token, signedWith, keys, candidates);
  // A token that names no key may be signed by one that is newer than those known.
  if (denial === "unknown_key" || (denial === "signature" && signedWith.kid === undefined)) {
    const newer = await keySetAfterMiss(issuer, keys, lookup);
    if (newer !== null) denial = await signatureDenial(token, signedWith, newer, candidates);
  }
  return denial === null ? { ok: true, claims, issuer } : denied(denial, issuer.issuer);
}

/** Whether one of the keys that fit has signed the token; a token without key id may fit several. */
async function signatureDenial(
  token: string,
  signedWith: SignedWith,
  { keys }: KeySet,
  maxCandidates: number,
): Promise<"unknown_key" | "signature" | null> {
  let denial: "unknown_key" | "signature" = "unknown_key";
  for (const key of keysToTry(keys, signedWith).slice(0, maxCandidates)) {
    try {
      // jose imports a key once per object, and keeps the key, not a promise of it.
      await compactVerify(token, key, { algorithms: [signedWith.alg] });
      return null;
    } catch (error) {
      // Anything else is wrong with the key: then it is none.
      if (isWrongSignature(error)) denial = "signature";
    }
  }
  return denial;
}

/** jose's errors have stable codes. */
function isWrongSignature(error: unknown): boolean {
  const { code }: { code?: unknown } = Object(error);
  return code === "ERR_JWS_SIGNATURE_VERIFICATION_FAILED";
}

/** A token that asks for nothing here has the whole view; one that asks for less gets less. */
function scopeOf(claims: Claims): Scope {
  const words = scopeWords(claims);
  const statusOnly = words.includes("balance:status") && !words.includes("balance:read");
  return statusOnly ? "balance:status" : "balance:read";
}

/** A claim that should name the account but does not is no reason to show another one's. */
function accountOf(claims: Claims, { account, account_claim }: Issuer): string | null {
  if (account_claim === undefined) return account ?? "default";
  return accountName.safeParse(claims[account_claim]).data ?? null;
}
