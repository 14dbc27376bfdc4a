/**
 * JWTs (RFC 7519, RFC 8725) with asymmetric signatures from configured issuers, and no others.
 * `token.ts` checks everything that needs no key; the signature is checked here, by jose, over exactly
 * the text that was read there.
 */
import { compactVerify, errors } from "jose";
import { accountName } from "../../config/fields.ts";
import type { Issuer } from "../../config/issuers.ts";
import type { Scope } from "../../context.ts";
import { callerId, type Identified } from "../caller.ts";
import { denied, type Result } from "../denial.ts";
import type { Lookup } from "../lookup.ts";
import { type KeySet, keySetOf, refetchForUnknownKid } from "./jwks-cache.ts";
import { keysToTry, type SignedWith } from "./keys-to-try.ts";
import { type Claims, hasScope, readToken, scopeWords } from "./token.ts";

/** At most this many signature checks for one token. */
const MAX_CANDIDATES = 10;

/** The caller that a JWT identifies. Never throws on a bad token. */
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
    return denied(lookup.cacheOnly ? "address_limited" : "keys_unavailable", issuer.issuer);
  }
  // An address over its failure limit gets one signature check, not several.
  const candidates = lookup.cacheOnly ? 1 : MAX_CANDIDATES;
  let denial = await signatureDenial(token, signedWith, keys, candidates);
  // A token without a key id may be signed with a key that is newer than the known ones.
  if (denial === "unknown_key" || (denial === "signature" && signedWith.kid === undefined)) {
    const newer = await refetchForUnknownKid(issuer, keys, lookup);
    if (newer !== null) denial = await signatureDenial(token, signedWith, newer, candidates);
  }
  return denial === null ? { ok: true, claims, issuer } : denied(denial, issuer.issuer);
}

/** Tries the keys that fit the token; without a key id there may be several. @returns `null` when one verifies it */
async function signatureDenial(
  token: string,
  signedWith: SignedWith,
  { keys }: KeySet,
  maxCandidates: number,
): Promise<"unknown_key" | "signature" | null> {
  let denial: "unknown_key" | "signature" = "unknown_key";
  for (const key of keysToTry(keys, signedWith).slice(0, maxCandidates)) {
    try {
      // jose imports each key object once, and caches the imported key rather than a promise of it.
      await compactVerify(token, key, { algorithms: [signedWith.alg] });
      return null;
    } catch (error) {
      // Any other error means that the key itself is unusable: it does not count as a match.
      if (error instanceof errors.JWSSignatureVerificationFailed) denial = "signature";
    }
  }
  return denial;
}

/** A token whose scopes say nothing about balances sees everything; one limited to the status gets that. */
function scopeOf(claims: Claims): Scope {
  const words = scopeWords(claims);
  const statusOnly = words.includes("balance:status") && !words.includes("balance:read");
  return statusOnly ? "balance:status" : "balance:read";
}

/** A token without a valid account claim is refused; it must never see a default account instead. */
function accountOf(claims: Claims, { account, account_claim }: Issuer): string | null {
  if (account_claim === undefined) return account ?? "default";
  return accountName.safeParse(claims[account_claim]).data ?? null;
}
