/** The compact form of a JWT (RFC 7515, section 7.1) as header and claims, both unverified. */
import { fromBase64Url, toBase64Url } from "../../lib/base64url.ts";
import { type Fields, isObject } from "../../lib/json.ts";

export interface Compact {
  readonly header: Fields;
  readonly claims: Fields;
}

/** Header and claims, or why the text is not an acceptable token. */
export function readCompact(
  token: string,
): Compact | "malformed" | "encrypted" | "duplicate_claims" {
  const parts = token.split(".").map(decode);
  const [header, claims] = parts.slice(0, 2).map(readJson);
  if (isEncrypted(parts.length, header)) return "encrypted";
  if (parts.length !== 3 || parts.includes(null) || header === null || claims === null) {
    return "malformed";
  }
  return header === undefined || claims === undefined ? "duplicate_claims" : { header, claims };
}

/** A JWE (RFC 7516, section 3.1): five parts, and a header that names its encryption. */
function isEncrypted(parts: number, header: Fields | null | undefined): boolean {
  return parts === 5 && typeof header?.enc === "string";
}

/**
 * The bytes, or `null` unless the encoding is canonical (RFC 7515, section 2; RFC 4648, section 3.5): no
 * padding, no white space, unused bits of the last character zero. So a token has exactly one spelling,
 * which decoders, jose's included, do not insist on.
 */
function decode(part: string): Uint8Array | null {
  const bytes = fromBase64Url(part);
  return bytes !== null && toBase64Url(bytes) === part ? bytes : null;
}

/** @returns `null` when it is not a JSON object, `undefined` when a name occurs in it twice */
function readJson(bytes: Uint8Array | null): Fields | null | undefined {
  try {
    if (bytes === null) return null;
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const value: unknown = JSON.parse(text);
    if (!isObject(value)) return null;
    return hasDuplicateNames(text) ? undefined : value;
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
