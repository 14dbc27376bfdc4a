/**
 * JWTs (RFC 7519, RFC 8725) with asymmetric signatures from configured issuers, and no others.
 * `token.ts` checks everything that needs no key; the signature is checked here, by jose, over exactly
 * the text that was read there.
 */
import { compactVerify } from "jose";
import { JWSSignatureVerificationFailed } from "jose/errors";
import type { Issuer } from "../../config/issuers.ts";
import { callerId, type Identified } from "../caller.ts";
import { denied, type Result } from "../denial.ts";
import type { Lookup } from "../lookup.ts";
import { accountOf, hasScope, scopeOf } from "./claims.ts";
import { keysId } from "./jwks.ts";
import { isCold, keySetOf, refetchForUnknownKid } from "./jwks-cache.ts";
import type { KeySet } from "./key-set-memory.ts";
import { keysToTry, type SignedWith } from "./keys-to-try.ts";
import { type Claims, type Read, readToken } from "./token.ts";

/** At most this many signature checks for one token and key set. */
const MAX_CANDIDATES = 10;
/** What another isolate has had fetched, then what the provider has now. */
const MAX_REFETCHES = 2;

/** The caller that a JWT identifies. Never throws on a bad token. */
export async function identifyByJwt(
  token: string,
  issuers: readonly Issuer[],
  lookup: Lookup,
): Promise<Result<Identified>> {
  const verified = await verifyJwt(token, issuers, lookup);
  if (!verified.ok) return verified;
  const { claims, issuer } = verified;
  const id = await callerId(issuer.issuer, claims.sub);
  return { ok: true, id, access: accessOf(claims, issuer), until: claims.exp * 1_000 };
}

function accessOf(claims: Claims, issuer: Issuer): Identified["access"] {
  if (!hasScope(claims, issuer)) return denied("scope_missing", issuer.issuer);
  const account = accountOf(claims, issuer);
  if (typeof account === "string") return denied(account, issuer.issuer);
  return { account: account.name, scope: scopeOf(claims, issuer) };
}

type Verified = Result<{ readonly claims: Claims; readonly issuer: Issuer }>;

/** The claims of a token that one of the issuers has signed. Never throws on a bad token. */
export async function verifyJwt(
  token: string,
  issuers: readonly Issuer[],
  lookup: Lookup,
): Promise<Verified> {
  const read = readToken(token, issuers, Date.now());
  return read.ok ? verifySignature(token, read, lookup) : read;
}

/** What the unverified claims say, for {@link Lookup.readAhead} alone. */
function likelyAccountOf(claims: Claims, issuer: Issuer): string | null {
  const account = accountOf(claims, issuer);
  return typeof account === "string" ? null : account.name;
}

/** Why a key set did not verify a token, the most telling reason first. */
const REASONS = ["keys_unavailable", "signature", "unfit_key", "unknown_key"] as const;
type Reason = (typeof REASONS)[number];

/**
 * Tries the key sets of all entries that the token fits: several may share issuer and audience and differ
 * in keys. Only when none of them verifies it, and has no key of its id, are newer sets asked for.
 */
async function verifySignature(
  token: string,
  { entries, claims, signedWith }: Read,
  lookup: Lookup,
): Promise<Verified> {
  const reasons: Reason[] = [];
  const perhapsOld: { readonly issuer: Issuer; readonly keySet: KeySet }[] = [];
  for (const issuer of onePerKeySet(entries)) {
    if (isCold(issuer, lookup)) lookup.readAhead?.(likelyAccountOf(claims, issuer));
    const keySet = await keySetOf(issuer, lookup);
    if (keySet === null) {
      reasons.push("keys_unavailable");
      continue;
    }
    const tried = await tryKeys(token, signedWith, keySet);
    if (tried.ok) return { ok: true, claims, issuer };
    reasons.push(tried.reason);
    if (!tried.isNamed) perhapsOld.push({ issuer, keySet });
  }
  for (const { issuer, keySet } of perhapsOld) {
    let seen = keySet;
    for (let round = 0; round < MAX_REFETCHES; round++) {
      const newer = await refetchForUnknownKid(issuer, seen, lookup);
      if (newer === null) break;
      const tried = await tryKeys(token, signedWith, newer);
      if (tried.ok) return { ok: true, claims, issuer };
      reasons.push(tried.reason);
      seen = newer;
    }
  }
  const telling = REASONS.find((reason) => reasons.includes(reason));
  return denied(telling ?? "unknown_key", entries[0]?.issuer);
}

function onePerKeySet(entries: readonly Issuer[]): readonly Issuer[] {
  const ids = entries.map(keysId);
  return entries.filter((_, index) => ids.indexOf(ids[index] ?? "") === index);
}

type Tried =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: Reason; readonly isNamed: boolean };

/** Whether one of the keys that fit has signed the token; without a key id there may be several. */
async function tryKeys(token: string, signedWith: SignedWith, keySet: KeySet): Promise<Tried> {
  const { keys, isNamed } = keysToTry(keySet.keys, signedWith);
  let reason: Reason = isNamed ? "unfit_key" : "unknown_key";
  for (const key of keys.slice(0, MAX_CANDIDATES)) {
    try {
      // jose imports each key object once, and caches the imported key rather than a promise of it.
      await compactVerify(token, key, { algorithms: [signedWith.alg] });
      return { ok: true };
    } catch (error) {
      // Any other error means that the key itself is unusable.
      if (error instanceof JWSSignatureVerificationFailed) reason = "signature";
    }
  }
  return { ok: false, reason, isNamed };
}
