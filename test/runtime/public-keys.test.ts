import { expect, test } from "vitest";
import type { PublicKey } from "../../src/callers/jwt/jwks.ts";
import { keysToTry } from "../../src/callers/jwt/keys-to-try.ts";

const key = (more: object): PublicKey => ({ kty: "EC", crv: "P-256", ...more });
const names = (keys: readonly PublicKey[]) => keys.map(({ name }) => name);

test("keys that are not for signatures are not among the keys to try", () => {
  const keys = [
    ...Array.from({ length: 12 }, () => key({ use: "enc" })),
    key({ key_ops: ["sign"] }),
    key({ name: "for signatures", use: "sig", key_ops: ["verify"] }),
    key({ name: "says nothing" }),
  ];
  const tried = keysToTry(keys, { alg: "ES256", kid: undefined });
  expect(names(tried)).toEqual(["for signatures", "says nothing"]);
});

test("only keys of the algorithm's type and curve, and of no other algorithm by name, are tried", () => {
  const keys = [
    key({ name: "P-256" }),
    key({ name: "P-384", crv: "P-384" }),
    key({ name: "for ES384", alg: "ES384" }),
    { kty: "RSA", name: "RSA" } as const,
    { kty: "RSA", crv: "P-256", name: "RSA with a curve" } as const,
    { kty: "OKP", crv: "Ed25519", name: "Ed25519" } as const,
    { kty: "OKP", crv: "X25519", name: "X25519" } as const,
  ];
  const tried = (alg: "ES256" | "ES384" | "RS256" | "PS512" | "EdDSA" | "Ed25519") =>
    names(keysToTry(keys, { alg, kid: undefined }));
  expect(tried("ES256")).toEqual(["P-256"]);
  expect(tried("ES384")).toEqual(["P-384"]);
  expect(tried("RS256")).toEqual(["RSA", "RSA with a curve"]);
  expect(tried("PS512")).toEqual(["RSA", "RSA with a curve"]);
  expect(tried("EdDSA")).toEqual(["Ed25519"]);
  expect(tried("Ed25519")).toEqual(["Ed25519"]);
});

test("all keys with the token's key id are tried", () => {
  const keys = [
    key({ kid: "k", name: 1 }),
    key({ kid: "k", name: 2 }),
    key({ kid: "other" }),
    key({}),
  ];
  expect(names(keysToTry(keys, { alg: "ES256", kid: "k" }))).toEqual([1, 2]);
});
