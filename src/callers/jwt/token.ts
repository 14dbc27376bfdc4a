/**
 * Reads a JWT (RFC 7515, compact form; RFC 7519) and checks everything that needs no key, so that a
 * malformed token never costs a key fetch. Nothing read here is trusted until the signature over the
 * same text is verified.
 */
import { ASYMMETRIC, type Issuer } from "../../config/issuers.ts";
import { type Denial, type Denied, denied } from "../denial.ts";
import type { SignedWith } from "./keys-to-try.ts";

/** Tolerance for clock skew. */
const LEEWAY_SECONDS = 30;
const MAX_KEY_ID_CHARS = 256;
/** The end of the year 9999. A larger number is not a time in seconds (often it is milliseconds). */
const MAX_NUMERIC_DATE = 253_402_300_799;
/** Headers by which a token brings its own key (RFC 7515, section 4.1). */
const OWN_KEY = ["jwk", "jku", "x5c", "x5u"];

/** Access and ID tokens, but not the logout tokens, say, that the same keys sign (RFC 8725, section 3.11). */
const TYPES = /^(?:application\/)?(?:at\+)?jwt$/i;

type Fields = Readonly<Record<string, unknown>>;

export type Claims = Fields & { readonly sub: string; readonly exp: number };

/** An unverified token's claims, and the entry of `JWT_ISSUERS` they are checked against. */
export interface Read {
  readonly ok: true;
  readonly issuer: Issuer;
  readonly claims: Claims;
  readonly signedWith: SignedWith;
}

/** Checks header and claims against the configured entries and the time. @param now epoch milliseconds */
export function readToken(token: string, issuers: readonly Issuer[], now: number): Read | Denied {
  const parts = token.split(".").map(decode);
  const [header, claims] = parts.slice(0, 2).map(readJson);
  if (parts.length !== 3 || parts.includes(null) || header === null || claims === null) {
    return denied("malformed");
  }
  if (header === undefined || claims === undefined) return denied("duplicate_claims");
  if (issuers.length === 0) return denied("no_issuers");
  const ofIssuer = issuers.filter(({ issuer }) => issuer === claims.iss);
  const kid = keyIdOf(header);
  const read = headerDenial(header) ?? entryOf(header, claims, ofIssuer);
  if (typeof read === "string") return denied(read, ofIssuer[0]?.issuer);
  if (kid === null) return denied("key_id", ofIssuer[0]?.issuer);
  const { issuer, alg } = read;
  if (!isComplete(claims)) return denied("claims", issuer.issuer);
  const denial = timeDenial(claims, now);
  if (denial !== null) return denied(denial, issuer.issuer);
  return { ok: true, issuer, claims, signedWith: { alg, kid } };
}

function headerDenial(header: Fields): Denial | null {
  if (OWN_KEY.some((name) => name in header)) return "embedded_key";
  if ("crit" in header) return "critical_header";
  const { typ } = header;
  return typ === undefined || (typeof typ === "string" && TYPES.test(typ)) ? null : "type";
}

/** @returns `null` when the key id is unacceptable */
function keyIdOf({ kid }: Fields): string | undefined | null {
  const sane = kid === undefined || (typeof kid === "string" && kid.length <= MAX_KEY_ID_CHARS);
  return sane ? kid : null;
}

function entryOf(
  { alg }: Fields,
  claims: Fields,
  ofIssuer: readonly Issuer[],
): { issuer: Issuer; alg: SignedWith["alg"] } | Denial {
  if (ofIssuer.length === 0) return "issuer";
  const audiences = [claims.aud].flat();
  const ofAudience = ofIssuer.filter(({ audience }) => audiences.includes(audience));
  if (ofAudience.length === 0) return "audience";
  const fitting = ofAudience.flatMap((issuer) => {
    const allowed = (issuer.algorithms ?? ASYMMETRIC).find((known) => known === alg);
    return allowed === undefined ? [] : [{ issuer, alg: allowed }];
  });
  return fitting.find(({ issuer }) => hasScope(claims, issuer)) ?? fitting[0] ?? "algorithm";
}

/** Whether the claims grant the scope that the entry requires, if it requires one. */
export function hasScope(claims: Fields, { scope }: Issuer): boolean {
  return scope === undefined || scopeWords(claims).includes(scope);
}

/** `scope` is a space-separated string (RFC 8693) and `scp` a list; some providers swap the two forms. */
export function scopeWords({ scope, scp }: Fields): readonly unknown[] {
  const items = [scope, scp].flat();
  return items.flatMap((item) => (typeof item === "string" ? item.split(/[\s,]+/) : item));
}

function isComplete(claims: Fields): claims is Claims {
  const { sub, exp, nbf, iat } = claims;
  if (typeof sub !== "string" || sub === "" || !isNumericDate(exp)) return false;
  return [nbf, iat].every((date) => date === undefined || isNumericDate(date));
}

function timeDenial({ exp, nbf }: Claims, now: number): "expired" | "not_yet_valid" | null {
  const seconds = now / 1_000;
  if (exp <= seconds - LEEWAY_SECONDS) return "expired";
  return isNumericDate(nbf) && nbf > seconds + LEEWAY_SECONDS ? "not_yet_valid" : null;
}

function isNumericDate(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= MAX_NUMERIC_DATE;
}

const BASE64URL = { alphabet: "base64url", omitPadding: true } as const;

/**
 * The bytes, or `null` unless the encoding is canonical (RFC 7515, section 2; RFC 4648, section 3.5): no
 * padding, no white space, unused bits of the last character zero. So a token has exactly one spelling,
 * which decoders, jose's included, do not insist on.
 */
function decode(part: string): Uint8Array | null {
  try {
    const bytes = Uint8Array.fromBase64(part, BASE64URL);
    return bytes.toBase64(BASE64URL) === part ? bytes : null;
  } catch {
    return null;
  }
}

/** @returns `null` when it is not a JSON object, `undefined` when a name occurs in it twice */
function readJson(bytes: Uint8Array | null): Fields | null | undefined {
  try {
    if (bytes === null) return null;
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
    return hasDuplicateNames(text) ? undefined : (value as Fields);
  } catch {
    return null;
  }
}

/**
 * Parsers differ in which of two equal names they keep, so such a token means different things to
 * different readers (RFC 7519, section 4 allows refusing it).
 *
 * @param json valid JSON
 */
function hasDuplicateNames(json: string): boolean {
  const open: Set<string>[] = [];
  let text = "";
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/g)) {
    if (token === "{" || token === "[") open.push(new Set());
    else if (token === "}" || token === "]") open.pop();
    else if (token !== ":") text = token;
    else {
      const name: string = JSON.parse(text);
      const names = open.at(-1);
      if (names === undefined || names.has(name)) return true;
      names.add(name);
    }
  }
  return false;
}
