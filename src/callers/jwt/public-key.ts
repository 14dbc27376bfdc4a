/**
 * A published key (RFC 7517), reduced to what verification needs. Its other members, nulls included,
 * decide nothing: providers publish all kinds of them.
 */
import { type Algorithm, ASYMMETRIC } from "../../config/issuers.ts";
import { fromBase64Url, toBase64Url } from "../../lib/base64url.ts";
import { type Fields, isObject } from "../../lib/json.ts";

export type KeyType = (typeof KEY_TYPES)[number];
const KEY_TYPES = ["RSA", "EC", "OKP"] as const;

/** The numbers of a key, base64url. An object of its own, since jose caches what it imports by object. */
export interface KeyNumbers {
  readonly kty: KeyType;
  readonly crv?: string;
  readonly n?: string;
  readonly e?: string;
  readonly x?: string;
  readonly y?: string;
}

export interface PublicKey {
  readonly kty: KeyType;
  readonly kid: string | undefined;
  /** The only algorithm the key is for, if its publisher says so. */
  readonly alg: Algorithm | undefined;
  /** `null` for a key that is there but cannot verify: too short, incomplete, private, for other uses. */
  readonly numbers: KeyNumbers | null;
}

/** jose refuses less (RFC 7518, sections 3.3 and 3.5). */
const MIN_RSA_BITS = 2_048;
/** Bytes of a coordinate by curve (RFC 7518, section 6.2.1.2). */
const COORDINATE_BYTES: ReadonlyMap<string, number> = new Map([
  ["P-256", 32],
  ["P-384", 48],
  ["P-521", 66],
]);
const ED25519_BYTES = 32;
/** Never in a published set. A key that has one of them is as good as stolen. */
const PRIVATE_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "k"];

/** A member of a published or stored set, or `null` when it is no key of a known type. */
export function publicKeyOf(member: unknown): PublicKey | null {
  if (!isOfKnownType(member)) return null;
  const { kty } = member;
  const alg = ASYMMETRIC.find((name) => name === member.alg);
  const numbers = isForSignatures(member, alg) ? numbersOf(kty, member) : null;
  return { kty, kid: textOf(member.kid), alg, numbers };
}

/** The form in which keys are stored: a JWK, which {@link publicKeyOf} reads again. */
export type StoredKey = Fields & { readonly kty: KeyType };

export function isOfKnownType(member: unknown): member is StoredKey {
  return isObject(member) && KEY_TYPES.some((type) => type === member.kty);
}

export function storedFormOf({ kty, kid, alg, numbers }: PublicKey): StoredKey {
  return { kty, ...(kid && { kid }), ...(alg && { alg }), ...numbers };
}

const textOf = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
const isAbsent = (value: unknown) => value === undefined || value === null;

function isForSignatures(member: Fields, alg: Algorithm | undefined): boolean {
  const { key_ops } = member;
  if (PRIVATE_MEMBERS.some((name) => !isAbsent(member[name]))) return false;
  const operations = isAbsent(key_ops) ? [] : [key_ops].flat();
  if (operations.length > 0 && !operations.includes("verify")) return false;
  const use = textOf(member.use);
  if (use !== undefined) return use === "sig";
  // Where nothing says what the key is for, an algorithm that is not one for signatures does.
  return alg !== undefined || textOf(member.alg) === undefined;
}

function numbersOf(kty: KeyType, member: Fields): KeyNumbers | null {
  switch (kty) {
    case "RSA": {
      const [n, e] = [unsigned(member.n), unsigned(member.e)];
      if (n === null || e === null || bitsOf(n) < MIN_RSA_BITS) return null;
      return { kty, n: toBase64Url(n), e: toBase64Url(e) };
    }
    case "EC": {
      const crv = textOf(member.crv) ?? "";
      const [x, y] = [member.x, member.y].map((value) => padded(unsigned(value), crv));
      return x == null || y == null ? null : { kty, crv, x: toBase64Url(x), y: toBase64Url(y) };
    }
    case "OKP": {
      const x = bytesOf(member.x);
      if (member.crv !== "Ed25519" || x?.length !== ED25519_BYTES) return null;
      return { kty, crv: "Ed25519", x: toBase64Url(x) };
    }
  }
}

/** Plain base64 and padding are let pass: some publish them, and they mean the same number. */
function bytesOf(value: unknown): Uint8Array | null {
  if (typeof value !== "string") return null;
  return fromBase64Url(value.replaceAll("+", "-").replaceAll("/", "_"));
}

/** An unsigned number without the zeros in front that some encoders leave there. */
function unsigned(value: unknown): Uint8Array | null {
  const bytes = bytesOf(value);
  const first = bytes?.findIndex((byte) => byte !== 0) ?? -1;
  return bytes === null || first < 0 ? null : bytes.subarray(first);
}

/** As long as the curve asks for: some encoders leave zeros in front out. */
function padded(number: Uint8Array | null, crv: string): Uint8Array | null {
  const length = COORDINATE_BYTES.get(crv) ?? 0;
  if (number === null || number.length > length) return null;
  const bytes = new Uint8Array(length);
  bytes.set(number, length - number.length);
  return bytes;
}

function bitsOf(number: Uint8Array): number {
  return number.length * 8 - (Math.clz32(number[0] ?? 0) - 24);
}
