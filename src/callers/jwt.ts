/**
 * JWTs (RFC 7519, RFC 8725) with asymmetric signatures of configured issuers, and no others.
 * `token.ts` has checked all that can be checked without a key; here is the signature, by jose, over
 * exactly the text that was read there.
 */
import { compactVerify } from "jose";
import { accountName, type Issuer } from "../config.ts";
import { callerId, type Identified, type Scope } from "./caller.ts";
import { type Denial, denied, type Result } from "./denial.ts";
import { type KeySet, keySetAfterMiss, keySetOf } from "./key-sets.ts";
import type { Lookup } from "./lookup.ts";
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
  const { issuer, claims } = read;
  const keys = await keySetOf(issuer, lookup);
  if (keys === null) {
    return denied(lookup.mayAsk ? "keys_unavailable" : "address_limited", issuer.issuer);
  }
  // An address that keeps failing gets one signature checked, not several.
  const candidates = lookup.mayAsk ? MAX_CANDIDATES : 1;
  let denial = await signatureDenial(token, issuer, keys, candidates);
  // A token that names no key may be signed by one that is newer than those known.
  if (denial === "unknown_key" || (denial === "signature" && !read.namesKey)) {
    const newer = await keySetAfterMiss(issuer, keys, lookup);
    if (newer !== null) denial = await signatureDenial(token, issuer, newer, candidates);
  }
  return denial === null ? { ok: true, claims, issuer } : denied(denial, issuer.issuer);
}

async function signatureDenial(
  token: string,
  { algorithms }: Issuer,
  keys: KeySet,
  maxCandidates: number,
): Promise<Denial | null> {
  try {
    await compactVerify(token, keys.find, { algorithms });
    return null;
  } catch (error) {
    return isAmbiguous(error) ? tryEach(token, error, algorithms, maxCandidates) : denialOf(error);
  }
}

/** A token without a key id (RFC 7515 makes it optional), while its issuer has several that fit. */
async function tryEach(
  token: string,
  candidates: AsyncIterable<CryptoKey>,
  algorithms: string[],
  maxCandidates: number,
): Promise<Denial | null> {
  let tried = 0;
  for await (const key of candidates) {
    if (++tried > maxCandidates) break;
    try {
      await compactVerify(token, key, { algorithms });
      return null;
    } catch (error) {
      if (denialOf(error) !== "signature") return denialOf(error);
    }
  }
  return "signature";
}

/** jose's error classes by their stable codes. */
const codeOf = (error: unknown): unknown =>
  error instanceof Error ? Reflect.get(error, "code") : undefined;

function isAmbiguous(error: unknown): error is AsyncIterable<CryptoKey> {
  return codeOf(error) === "ERR_JWKS_MULTIPLE_MATCHING_KEYS";
}

function denialOf(error: unknown): Denial {
  switch (codeOf(error)) {
    case "ERR_JWKS_NO_MATCHING_KEY":
      return "unknown_key";
    case "ERR_JWS_SIGNATURE_VERIFICATION_FAILED":
      return "signature";
    default:
      return "malformed";
  }
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
