/**
 * Reads a JWT (RFC 7519) and checks everything that needs no key, so that a malformed token never costs
 * a key fetch. Nothing read here is trusted until the signature over the same text is verified.
 *
 * What a token says about its own key (`jwk`, `jku`, `x5c`, `x5u`) is ignored: only configured key sets
 * count (RFC 8725, section 3.10).
 */
import { type Algorithm, ASYMMETRIC, type Issuer } from "../../config/issuers.ts";
import { type Fields, isObject } from "../../lib/json.ts";
import { type Denial, type Denied, denied } from "../denial.ts";
import { audiencesOf, hasScope } from "./claims.ts";
import { readCompact } from "./compact.ts";
import { canonical, type SignedWith } from "./keys-to-try.ts";

/** Tolerance for clock skew. */
const LEEWAY_SECONDS = 30;
const MAX_KEY_ID_CHARS = 256;
/** The end of the year 9999. A larger number is not a time in seconds (often it is milliseconds). */
const MAX_NUMERIC_DATE = 253_402_300_799;

/** Access and ID tokens, but not the logout tokens, say, that the same keys sign (RFC 8725, section 3.11). */
const TYPES = /^(?:application\/)?(?:at\+)?jwt$/i;

export type Claims = Fields & { readonly sub: string; readonly exp: number };

/** An unverified token's claims, and the entries of `JWT_ISSUERS` that it fits. */
export interface Read {
  readonly ok: true;
  /** At least one; those whose scope the token has come first. */
  readonly entries: readonly Issuer[];
  readonly claims: Claims;
  readonly signedWith: SignedWith;
}

/** @param now epoch milliseconds */
export function readToken(token: string, issuers: readonly Issuer[], now: number): Read | Denied {
  const compact = readCompact(token);
  if (typeof compact === "string") return denied(compact);
  const { header, claims } = compact;
  if (issuers.length === 0) return denied("no_issuers");
  const ofIssuer = issuers.filter(({ issuer }) => issuer === claims.iss);
  const refuse = (denial: Denial, issuer = ofIssuer[0]?.issuer) => denied(denial, issuer);

  const notForUs = headerDenial(header) ?? kindDenial(claims);
  if (notForUs !== null) return refuse(notForUs);
  if (ofIssuer.length === 0) {
    const meant = issuers.find(({ issuer }) => isSpelling(claims.iss, issuer));
    return meant === undefined ? refuse("issuer") : refuse("issuer_spelling", meant.issuer);
  }
  const ofAudience = ofIssuer.filter((issuer) => isFor(claims, issuer));
  if (ofAudience.length === 0) return refuse(audienceDenial(claims, ofIssuer));
  const alg = ASYMMETRIC.find((known) => known === header.alg);
  const entries = ofAudience.filter((issuer) => alg !== undefined && allows(issuer, alg));
  if (alg === undefined || entries.length === 0) return refuse("algorithm");

  const complete = completeClaims(claims);
  if (typeof complete === "string") return refuse(complete);
  const untimely = timeDenial(complete, now);
  if (untimely !== null) return refuse(untimely);
  const kid = typeof header.kid === "string" && header.kid !== "" ? header.kid : undefined;
  const granted = entries.filter((issuer) => hasScope(claims, issuer));
  const others = entries.filter((issuer) => !granted.includes(issuer));
  return { ok: true, entries: [...granted, ...others], claims: complete, signedWith: { alg, kid } };
}

/** A null member counts as an absent one: that is how some encoders write it. */
function headerDenial({ crit, typ, kid }: Fields): Denial | null {
  if (crit !== undefined) return "critical_header";
  const type = typ ?? "JWT";
  if (typeof type !== "string" || !TYPES.test(type)) return "type";
  const id = kid ?? "";
  return typeof id === "string" && id.length <= MAX_KEY_ID_CHARS ? null : "key_id";
}

/**
 * Security event tokens (RFC 8417) have an object of URIs as `events`. Back-channel logout tokens are such,
 * and not every provider gives them a `typ` of their own.
 */
function kindDenial({ events }: Fields): Denial | null {
  const names = isObject(events) ? Object.keys(events) : [];
  return names.some((name) => name.includes(":")) ? "event_token" : null;
}

function isFor(claims: Fields, issuer: Issuer): boolean {
  const audiences = new Set(audiencesOf(claims, issuer));
  return [issuer.audience].flat().some((audience) => audiences.has(audience));
}

function audienceDenial(claims: Fields, ofIssuer: readonly Issuer[]): Denial {
  const pairs = ofIssuer.flatMap((issuer) =>
    audiencesOf(claims, issuer)
      .slice(0, MAX_SPELLED)
      .flatMap((said) => [issuer.audience].flat().map((meant) => [said, meant] as const)),
  );
  if (pairs.length === 0) return "audience_missing";
  return pairs.some(([said, meant]) => isSpelling(said, meant)) ? "audience_spelling" : "audience";
}

/** These two bound the work on whatever a caller may send. */
const MAX_SPELLED = 10;
const MAX_SPELLING_CHARS = 10;

/** Whether the two differ only in scheme, letter case or a trailing slash. */
function isSpelling(said: unknown, meant: string): boolean {
  if (typeof said !== "string") return false;
  if (Math.abs(said.length - meant.length) > MAX_SPELLING_CHARS) return false;
  const [a, b] = [said, meant].map((text) =>
    text
      .toLowerCase()
      .replace(/^[a-z]+:\/\//, "")
      .replace(/\/$/, ""),
  );
  return a === b;
}

function allows({ algorithms }: Issuer, alg: Algorithm): boolean {
  return (algorithms ?? ASYMMETRIC).some((name) => canonical(name) === canonical(alg));
}

/** The claims, or which of them is absent or not what it should be. */
function completeClaims(claims: Fields): Claims | Denial {
  const { sub, exp, nbf, iat } = claims;
  if (typeof sub !== "string" || sub === "") return "claim_sub";
  if (!isNumericDate(exp)) return "claim_exp";
  if (!isNumericDate(nbf ?? 0)) return "claim_nbf";
  return isNumericDate(iat ?? 0) ? { ...claims, sub, exp } : "claim_iat";
}

function timeDenial({ exp, nbf }: Claims, now: number): Denial | null {
  const seconds = now / 1_000;
  if (exp <= seconds - LEEWAY_SECONDS) return "expired";
  return isNumericDate(nbf) && nbf > seconds + LEEWAY_SECONDS ? "not_yet_valid" : null;
}

function isNumericDate(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= MAX_NUMERIC_DATE;
}
