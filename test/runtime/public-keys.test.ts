import { describe, expect, test } from "vitest";
import { keysToTry } from "../../src/callers/jwt/keys-to-try.ts";
import { publicKeyOf, storedFormOf } from "../../src/callers/jwt/public-key.ts";
import type { Algorithm } from "../../src/config/issuers.ts";

const b64 = (...bytes: number[]) =>
  new Uint8Array(bytes).toBase64({ alphabet: "base64url", omitPadding: true });
const filled = (length: number, byte = 0xff) => b64(...new Array<number>(length).fill(byte));

const rsa = (more: object = {}) => ({ kty: "RSA", n: filled(256), e: "AQAB", ...more });
const ec = (more: object = {}) => ({
  kty: "EC",
  crv: "P-256",
  x: filled(32),
  y: filled(32),
  ...more,
});
const ed = (more: object = {}) => ({ kty: "OKP", crv: "Ed25519", x: filled(32), ...more });
const numbersOf = (key: object) => publicKeyOf(key)?.numbers;

describe("a published key", () => {
  test.each<[string, object]>([
    [
      "nulls in all the members it does not need",
      ec({ d: null, alg: null, use: null, kid: null, key_ops: null, ext: null, x5c: null }),
    ],
    ["key_ops for signing and verifying", ec({ key_ops: ["sign", "verify"] })],
    ["an empty list of key_ops", ec({ key_ops: [] })],
    ["key_ops as one text", ec({ key_ops: "verify" })],
    ["a certificate beside its numbers", rsa({ x5c: ["MIIB"], x5t: "x", value: "-----BEGIN" })],
    ["a name for RS256 from before RFC 7518", rsa({ use: "sig", alg: "SHA256withRSA" })],
    ["members of strange types", rsa({ kid: 7, alg: 7, ext: "no", x5c: 7 })],
  ])("with %s can verify", (_, key) => {
    expect(numbersOf(key)).not.toBeNull();
  });

  test.each<[string, object]>([
    ["that is private", ec({ d: "AQ" })],
    ["that is for encryption", ec({ use: "enc" })],
    ["whose algorithm is for encryption", rsa({ alg: "RSA-OAEP-256" })],
    ["that may only sign", ec({ key_ops: ["sign"] })],
    ["of 1,024 bits", rsa({ n: filled(128) })],
    ["of 2,047 bits", rsa({ n: b64(0x7f, ...new Array<number>(255).fill(1)) })],
    ["with x5c instead of n", { kty: "RSA", x5c: ["MIIB"] }],
    ["without y", ec({ y: undefined })],
    ["with a coordinate too long for its curve", ec({ x: filled(33) })],
    ["on an unknown curve", ec({ crv: "secp256k1" })],
    ["on a curve named like a member of every object", ec({ crv: "constructor" })],
    ["for key agreement", ed({ crv: "X25519" })],
    ["whose Ed25519 key has 31 bytes", ed({ x: filled(31) })],
    ["whose numbers are not base64", rsa({ n: "%" })],
  ])("%s is known by its id but cannot verify", (_, key) => {
    expect(publicKeyOf({ ...key, kid: "k" })).toMatchObject({ kid: "k", numbers: null });
  });

  test.each([null, 7, "RSA", [], {}, { kty: "oct", k: "AQ" }, { kty: "AKP" }])(
    "is not what %j is",
    (member) => {
      expect(publicKeyOf(member)).toBeNull();
    },
  );

  test("means the same number in whatever base64, with or without zeros in front", () => {
    const short = ec({ x: b64(...new Array<number>(31).fill(0xfb)) });
    expect(numbersOf(short)).toMatchObject({ x: b64(0, ...new Array<number>(31).fill(0xfb)) });
    const plain = ec({ x: `${"+/".repeat(21)}8=` });
    expect(numbersOf(plain)).toMatchObject({ x: `${"-_".repeat(21)}8` });
    const signed = rsa({ n: b64(0, ...new Array<number>(256).fill(0xff)), e: b64(0, 1, 0, 1) });
    expect(numbersOf(signed)).toEqual(rsa());
  });

  test.each([
    rsa({ kid: "a", alg: "RS256", use: "sig", x5c: ["MIIB"], d: null }),
    ec({ kid: "b", key_ops: ["sign", "verify"] }),
    ed({ alg: "EdDSA" }),
    rsa({ kid: "unfit", n: filled(128) }),
    ec({ kid: "private", d: "AQ" }),
  ])("is stored as a JWK that reads back the same, and never with private numbers: %j", (key) => {
    const read = publicKeyOf(key);
    const stored = read && storedFormOf(read);
    expect(publicKeyOf(stored)).toEqual(read);
    const members = ["kty", "kid", "alg", "crv", "n", "e", "x", "y"];
    expect(Object.keys(stored ?? {}).filter((name) => !members.includes(name))).toEqual([]);
  });
});

/** The names of the keys to try: here, their ids stand for them. */
const NAMES = ["a", "b", "c", "d", "e", "f", "g"];
function tried(keys: readonly object[], alg: Algorithm, kid?: string) {
  const published = keys.flatMap((key) => publicKeyOf(key) ?? []);
  const choice = keysToTry(published, { alg, kid });
  const names = choice.keys.map((one) => NAMES[published.findIndex((key) => key.numbers === one)]);
  return { names: names.join(""), isNamed: choice.isNamed };
}

describe("the keys to try", () => {
  test("are of the algorithm's type and curve", () => {
    const keys = [ec(), ec({ crv: "P-384", x: filled(48), y: filled(48) }), rsa(), ed()];
    expect(tried(keys, "ES256").names).toBe("a");
    expect(tried(keys, "ES384").names).toBe("b");
    expect(tried(keys, "ES512").names).toBe("");
    expect(tried(keys, "RS256").names).toBe("c");
    expect(tried(keys, "PS512").names).toBe("c");
    expect(tried(keys, "EdDSA").names).toBe("d");
    expect(tried(keys, "Ed25519").names).toBe("d");
  });

  test("are published for that algorithm, or for none in particular", () => {
    const keys = [rsa({ alg: "RS256" }), rsa({ alg: "PS256" }), rsa()];
    expect(tried(keys, "RS256").names).toBe("ac");
    expect(tried(keys, "PS256").names).toBe("bc");
    expect(tried(keys, "RS512").names).toBe("c");
  });

  test("include keys under either name of Ed25519", () => {
    const keys = [ed({ alg: "EdDSA" }), ed({ alg: "Ed25519" }), ed()];
    expect(tried(keys, "EdDSA").names).toBe("abc");
    expect(tried(keys, "Ed25519").names).toBe("abc");
  });

  test("are all those with the token's key id", () => {
    const keys = [ec({ kid: "k" }), ec({ kid: "k" }), ec({ kid: "other" }), ec()];
    expect(tried(keys, "ES256", "k")).toEqual({ names: "ab", isNamed: true });
  });

  test("are those without an id where none has the token's", () => {
    const keys = [ec({ kid: "other" }), ec(), ec({ kid: "" }), ec({ kid: null })];
    expect(tried(keys, "ES256", "k")).toEqual({ names: "bcd", isNamed: false });
  });

  test("are all that fit for a token without a key id", () => {
    const keys = [ec({ kid: "one" }), ec(), rsa()];
    expect(tried(keys, "ES256")).toEqual({ names: "ab", isNamed: false });
  });

  test("are none when the key with the token's id is unfit", () => {
    const keys = [ec({ kid: "k", d: "AQ" }), ec()];
    expect(tried(keys, "ES256", "k")).toEqual({ names: "", isNamed: true });
  });
});
