/**
 * JWTs (RFC 7519, RFC 8725) with asymmetric signatures of configured issuers, and no others.
 * `token.ts` has refused what can be refused without a key; here is what needs one.
 */
import {
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyOptions,
  jwtVerify,
} from "jose";
import { accountName, type Issuer } from "../config.ts";
import { type Identified, callerId, type Scope } from "./caller.ts";
import { type Denial, denied, type Result } from "./denial.ts";
import { type KeySet, keySetAfterMiss, keySetOf } from "./key-sets.ts";
import type { Lookup } from "./lookup.ts";
import { hasScope, issuerOf, LEEWAY_SECONDS, scopeWords } from "./token.ts";

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
  const { payload, issuer } = verified;
  if (!hasScope(payload, issuer)) return denied("scope_missing", issuer.issuer);
  const account = accountOf(payload, issuer);
  if (account === null) return denied("account_claim_missing", issuer.issuer);
  const id = await callerId(issuer.issuer, payload.sub ?? "");
  const caller = { id, account, scope: scopeOf(payload) };
  return { ok: true, caller, until: (payload.exp ?? 0) * 1_000 };
}

/** The claims of a token that one of the issuers has signed. Never throws on a bad token. */
export async function verifyJwt(
  token: string,
  issuers: readonly Issuer[],
  lookup: Lookup,
): Promise<Result<{ payload: JWTPayload; issuer: Issuer }>> {
  const issuer = issuerOf(token, issuers, Date.now());
  if ("denial" in issuer) return issuer;
  const keys = await keySetOf(issuer, lookup);
  if (keys === null) {
    return denied(lookup.mayAsk ? "keys_unavailable" : "address_limited", issuer.issuer);
  }
  // An address that keeps failing gets one signature checked, not several.
  const candidates = lookup.mayAsk ? MAX_CANDIDATES : 1;
  let payload = await verifyWith(token, issuer, keys, candidates);
  // A token that names no key may be signed by one that is newer than those known.
  const mayBeNewer = payload === "signature" && decodeProtectedHeader(token).kid === undefined;
  if (payload === "unknown_key" || mayBeNewer) {
    const newer = await keySetAfterMiss(issuer, keys, lookup);
    if (newer !== null) payload = await verifyWith(token, issuer, newer, candidates);
  }
  if (typeof payload === "string") return denied(payload, issuer.issuer);
  return { ok: true, payload, issuer };
}

async function verifyWith(
  token: string,
  { issuer, audience, algorithms }: Issuer,
  keys: KeySet,
  maxCandidates: number,
): Promise<JWTPayload | Denial> {
  const options = {
    issuer,
    audience,
    algorithms,
    clockTolerance: LEEWAY_SECONDS,
    requiredClaims: ["exp", "sub"],
  };
  try {
    return (await jwtVerify(token, keys.find, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) return denialOf(error);
    return verifyWithEach(token, error, options, maxCandidates);
  }
}

/** A token without a key id (RFC 7515 makes it optional), while its issuer has several that fit. */
async function verifyWithEach(
  token: string,
  candidates: errors.JWKSMultipleMatchingKeys,
  options: JWTVerifyOptions,
  maxCandidates: number,
): Promise<JWTPayload | Denial> {
  let tried = 0;
  for await (const key of candidates) {
    if (++tried > maxCandidates) break;
    try {
      return (await jwtVerify(token, key, options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) return denialOf(error);
    }
  }
  return "signature";
}

function denialOf(error: unknown): Denial {
  if (error instanceof errors.JWTExpired) return "expired";
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.claim === "nbf" ? "not_yet_valid" : "claims";
  }
  if (error instanceof errors.JWKSNoMatchingKey) return "unknown_key";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "signature";
  if (error instanceof errors.JOSEAlgNotAllowed) return "algorithm";
  return "malformed";
}

/** A token that asks for nothing here has the whole view; one that asks for less gets less. */
function scopeOf(payload: JWTPayload): Scope {
  const words = scopeWords(payload);
  const statusOnly = words.includes("balance:status") && !words.includes("balance:read");
  return statusOnly ? "balance:status" : "balance:read";
}

/** A claim that should name the account but does not is no reason to show another one's. */
function accountOf(payload: JWTPayload, { account, account_claim }: Issuer): string | null {
  if (account_claim === undefined) return account ?? "default";
  return accountName.safeParse(payload[account_claim]).data ?? null;
}
