/**
 * Signatures that libraries have been fooled with, after the categories of Project Wycheproof's
 * `json_web_signature_test` and the published weaknesses behind them. Each token is complete and its
 * claims are good: the signature, or the key it points to, is all that is wrong with it.
 */
import {
  constants,
  createHash,
  createHmac,
  generateKeyPairSync,
  type KeyObject,
  privateEncrypt,
  sign as signWith,
} from "node:crypto";
import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listen } from "../listen.ts";
import { type StartedWorker, startWorker } from "./worker.ts";

const ec = (namedCurve: string) => generateKeyPairSync("ec", { namedCurve });
const rsa = (modulusLength: number) => generateKeyPairSync("rsa", { modulusLength });

const KEYS = {
  rsa: rsa(2_048),
  small: rsa(1_024),
  p256: ec("P-256"),
  p384: ec("P-384"),
  p521: ec("P-521"),
  k256: ec("secp256k1"),
  ed25519: generateKeyPairSync("ed25519"),
  ed448: generateKeyPairSync("ed448"),
};
type KeyName = keyof typeof KEYS;

type Sign = (input: Buffer, key: KeyObject) => Buffer;
const pss =
  (hash: string, saltLength: number): Sign =>
  (input, key) =>
    signWith(hash, input, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
const pkcs1 =
  (hash: string): Sign =>
  (input, key) =>
    signWith(hash, input, key);
const ecdsa =
  (hash: string, dsaEncoding: "ieee-p1363" | "der" = "ieee-p1363"): Sign =>
  (input, key) =>
    signWith(hash, input, { key, dsaEncoding });
const eddsa: Sign = (input, key) => signWith(null, input, key);

const ALGORITHMS: Readonly<Record<string, readonly [KeyName, Sign]>> = {
  RS256: ["rsa", pkcs1("sha256")],
  RS384: ["rsa", pkcs1("sha384")],
  RS512: ["rsa", pkcs1("sha512")],
  PS256: ["rsa", pss("sha256", 32)],
  PS384: ["rsa", pss("sha384", 48)],
  PS512: ["rsa", pss("sha512", 64)],
  ES256: ["p256", ecdsa("sha256")],
  ES384: ["p384", ecdsa("sha384")],
  ES512: ["p521", ecdsa("sha512")],
  EdDSA: ["ed25519", eddsa],
  Ed25519: ["ed25519", eddsa],
};

/** What the issuer publishes; the name of an entry is its key id. Good keys are under their own names. */
function publishedKeys(): object[] {
  const jwk = (name: KeyName, more: object = {}) => ({
    ...KEYS[name].publicKey.export({ format: "jwk" }),
    kid: name,
    ...more,
  });
  const { x = "" } = KEYS.p256.publicKey.export({ format: "jwk" });
  return [
    ...(Object.keys(KEYS) as KeyName[]).map((name) => jwk(name)),
    jwk("p256", { kid: "for encryption", use: "enc" }),
    jwk("p256", { kid: "to sign with", key_ops: ["sign"] }),
    jwk("p256", { kid: "of another algorithm", alg: "ES384" }),
    jwk("p256", { kid: "of another family", alg: "RS256" }),
    jwk("p256", { kid: "not on the curve", y: x }),
    jwk("p256", { kid: "said to be P-384", crv: "P-384" }),
    jwk("p256", { kid: "without y", y: undefined }),
    jwk("rsa", { kid: "with an even modulus", n: "gA" }),
    { kty: "oct", kid: "symmetric", k: Buffer.from("secret").toString("base64url"), alg: "HS256" },
    { kty: "RSA", kid: "private", ...KEYS.rsa.privateKey.export({ format: "jwk" }) },
  ];
}

let server: Server;
let worker: StartedWorker;
let issuer: string;
beforeAll(async () => {
  server = createServer((_, response) => {
    response.end(JSON.stringify({ keys: publishedKeys() }));
  });
  issuer = await listen(server);
  const entry = { issuer, audience: "a", jwks_url: `${issuer}/keys` };
  worker = await startWorker({ JWT_ISSUERS: JSON.stringify([entry]) });
});
afterAll(async () => {
  await worker.close();
  server.close();
});

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token whose signature is made of the text it signs. */
function token(alg: string, kid: string | undefined, sign: (input: Buffer) => Buffer): string {
  const exp = Math.floor(Date.now() / 1_000) + 600;
  const text = `${part({ alg, kid })}.${part({ iss: issuer, aud: "a", sub: crypto.randomUUID(), exp })}`;
  return `${text}.${sign(Buffer.from(text)).toString("base64url")}`;
}

const privateKey = (name: KeyName) => KEYS[name].privateKey;
const statusOf = async (credential: string) =>
  (await worker.balance({ authorization: `Bearer ${credential}` })).status;

function goodSign(alg: string): (input: Buffer) => Buffer {
  const [name, sign] = ALGORITHMS[alg] ?? [];
  if (name === undefined || sign === undefined) throw new Error(alg);
  return (input) => sign(input, privateKey(name));
}
const goodKey = (alg: string) => ALGORITHMS[alg]?.[0];
const names = Object.keys(ALGORITHMS);

describe("a correct signature (the control for everything below)", () => {
  test.each(names)("of %s verifies, with and without a key id", async (alg) => {
    expect(await statusOf(token(alg, goodKey(alg), goodSign(alg)))).toBe(200);
    expect(await statusOf(token(alg, undefined, goodSign(alg)))).toBe(200);
  });
});

describe("a signature under another algorithm's name", () => {
  // EdDSA and Ed25519 are two names of the same (RFC 9864).
  const same = (a: string, b: string) => a === b || [a, b].every((name) => name.startsWith("Ed"));
  const pairs = names.flatMap((made) =>
    [...names, "HS256", "none", "ES256K", "RSA1_5"].map((said) => [made, said] as const),
  );
  test.each(pairs.filter(([made, said]) => !same(made, said)))(
    "is refused: %s as %s",
    async (made, said) => {
      expect(await statusOf(token(said, goodKey(made), goodSign(made)))).toBe(401);
      expect(await statusOf(token(said, undefined, goodSign(made)))).toBe(401);
    },
  );
});

describe.each(names)("a spoiled %s signature", (alg) => {
  const spoiled = (change: (signature: Buffer) => Buffer) =>
    statusOf(token(alg, goodKey(alg), (input) => change(goodSign(alg)(input))));

  test("is refused whichever byte is changed", async () => {
    const length = goodSign(alg)(Buffer.from("x")).length;
    const at = [...new Set([0, 1, Math.floor(length / 2), length - 2, length - 1])];
    for (const index of at) {
      const status = await spoiled((signature) => {
        signature[index] = (signature[index] ?? 0) ^ 1;
        return signature;
      });
      expect(status, `byte ${index}`).toBe(401);
    }
  });

  test.each<[string, (signature: Buffer) => Buffer]>([
    ["empty", () => Buffer.alloc(0)],
    ["one byte", () => Buffer.alloc(1)],
    ["zeros", (signature) => Buffer.alloc(signature.length)],
    ["ones", (signature) => Buffer.alloc(signature.length, 0xff)],
    ["cut", (signature) => signature.subarray(0, -1)],
    ["a byte in front", (signature) => Buffer.concat([Buffer.alloc(1), signature])],
    ["a byte behind", (signature) => Buffer.concat([signature, Buffer.alloc(1)])],
    ["twice", (signature) => Buffer.concat([signature, signature])],
    ["backwards", (signature) => Buffer.from(signature).reverse()],
  ])("is refused: %s", async (_, change) => {
    expect(await spoiled(change)).toBe(401);
  });

  test("is refused when it is a good one of another text", async () => {
    const other = goodSign(alg)(Buffer.from("another text"));
    expect(await statusOf(token(alg, goodKey(alg), () => other))).toBe(401);
  });
});

/** Orders of the groups (FIPS 186-5, RFC 8032). */
const ORDERS: Readonly<Record<string, bigint>> = {
  ES256: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  ES384:
    0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  ES512:
    0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
};
const ED25519_ORDER = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;

const bytes = (n: bigint, length: number) =>
  Buffer.from(
    n
      .toString(16)
      .padStart(length * 2, "0")
      .slice(-length * 2),
    "hex",
  );
const numberOf = (buffer: Buffer) => BigInt(`0x${buffer.toString("hex")}`);

describe.each(Object.entries(ORDERS))(
  "an %s signature of impossible numbers (CVE-2022-21449)",
  (alg, n) => {
    const half = goodSign(alg)(Buffer.from("x")).length / 2;
    const numbers = { "0": 0n, "1": 1n, n: n, "n - 1": n - 1n, "n + 1": n + 1n };
    const all = Object.keys(numbers) as (keyof typeof numbers)[];
    test.each(all.flatMap((r) => all.map((s) => [r, s] as const)))(
      "is refused: r = %s, s = %s",
      async (r, s) => {
        const made = Buffer.concat([bytes(numbers[r], half), bytes(numbers[s], half)]);
        expect(await statusOf(token(alg, goodKey(alg), () => made))).toBe(401);
      },
    );

    test("is refused in DER", async () => {
      const hash = `sha${alg.slice(2)}`;
      const name = goodKey(alg) ?? "p256";
      const made = (input: Buffer) => ecdsa(hash, "der")(input, privateKey(name));
      expect(await statusOf(token(alg, name, made))).toBe(401);
    });

    test("is refused with r and s padded to double length", async () => {
      const wide = (input: Buffer) => {
        const signature = goodSign(alg)(input);
        const pad = Buffer.alloc(half);
        return Buffer.concat([pad, signature.subarray(0, half), pad, signature.subarray(half)]);
      };
      expect(await statusOf(token(alg, goodKey(alg), wide))).toBe(401);
    });
  },
);

test("an EdDSA signature with s + L is refused, so that a signature has one form (RFC 8032, section 5.1.7)", async () => {
  const moved = (input: Buffer) => {
    const signature = goodSign("EdDSA")(input);
    const s = numberOf(Buffer.from(signature.subarray(32)).reverse());
    return Buffer.concat([signature.subarray(0, 32), bytes(s + ED25519_ORDER, 32).reverse()]);
  };
  expect(await statusOf(token("EdDSA", "ed25519", moved))).toBe(401);
});

describe("an RS256 signature with wrong padding (RFC 8017, section 9.2; Bleichenbacher 2006)", () => {
  const PREFIX = Buffer.from("3031300d060960864801650304020105000420", "hex");
  const SIZE = 256;
  const digest = (input: Buffer) => createHash("sha256").update(input).digest();
  /** Whatever is to stand in the block, under the key's own private operation. */
  const block = (make: (input: Buffer) => Buffer) => (input: Buffer) =>
    privateEncrypt({ key: privateKey("rsa"), padding: constants.RSA_NO_PADDING }, make(input));
  const padded = (info: Buffer, { type = 1, fill = 0xff, tail = Buffer.alloc(0) } = {}) =>
    Buffer.concat([
      Buffer.from([0, type]),
      Buffer.alloc(SIZE - 3 - info.length - tail.length, fill),
      Buffer.from([0]),
      info,
      tail,
    ]);
  const info = (input: Buffer, prefix = PREFIX) => Buffer.concat([prefix, digest(input)]);

  test("verifies when the same code makes the right padding (the control)", async () => {
    const made = block((input) => padded(info(input)));
    expect(await statusOf(token("RS256", "rsa", made))).toBe(200);
  });

  test.each<[string, (input: Buffer) => Buffer]>([
    [
      "no NULL among the parameters",
      (input) => padded(info(input, Buffer.from("302f300b0609608648016503040201" + "0420", "hex"))),
    ],
    [
      "a long form of length",
      (input) =>
        padded(info(input, Buffer.from("308131300d060960864801650304020105000420", "hex"))),
    ],
    [
      "the name of SHA-1",
      (input) => padded(info(input, Buffer.from("3021300906052b0e03021a05000414", "hex"))),
    ],
    [
      "the name of SHA-512",
      (input) => padded(info(input, Buffer.from("3051300d060960864801650304020305000440", "hex"))),
    ],
    ["the bare digest", (input) => padded(digest(input))],
    ["block type 2", (input) => padded(info(input), { type: 2 })],
    ["block type 0", (input) => padded(info(input), { type: 0, fill: 0 })],
    ["padding of zeros", (input) => padded(info(input), { fill: 0 })],
    ["padding of other bytes", (input) => padded(info(input), { fill: 0xfe })],
    ["something behind it", (input) => padded(info(input), { tail: Buffer.from("trailing") })],
    [
      "short padding, much behind it",
      (input) => padded(info(input), { tail: Buffer.alloc(190, 1) }),
    ],
    [
      "no padding",
      (input) => Buffer.concat([Buffer.from([0, 1, 0]), info(input), Buffer.alloc(SIZE - 54)]),
    ],
  ])("is refused: %s", async (_, make) => {
    expect(await statusOf(token("RS256", "rsa", block(make)))).toBe(401);
  });

  test("is refused when the modulus is added to it", async () => {
    const { n = "" } = KEYS.rsa.publicKey.export({ format: "jwk" });
    const modulus = numberOf(Buffer.from(n, "base64url"));
    const made = (input: Buffer) => bytes(numberOf(goodSign("RS256")(input)) + modulus, SIZE + 1);
    expect(await statusOf(token("RS256", "rsa", made))).toBe(401);
  });
});

describe("a PS256 signature whose salt is not as long as the hash (RFC 7518, section 3.5)", () => {
  test.each([0, 20, 31, 33, 222])("is refused: %i bytes", async (saltLength) => {
    const made = (input: Buffer) => pss("sha256", saltLength)(input, privateKey("rsa"));
    expect(await statusOf(token("PS256", "rsa", made))).toBe(401);
  });
});

describe("a published key that must not verify the token", () => {
  test.each([
    ["for encryption", "ES256"],
    ["to sign with", "ES256"],
    ["of another algorithm", "ES256"],
    ["of another family", "ES256"],
    ["not on the curve", "ES256"],
    ["said to be P-384", "ES256"],
    ["said to be P-384", "ES384"],
    ["without y", "ES256"],
    ["with an even modulus", "RS256"],
    ["private", "RS256"],
  ])("is not used: %s, %s", async (kid, alg) => {
    expect(await statusOf(token(alg, kid, goodSign(alg === "ES384" ? "ES256" : alg)))).toBe(401);
  });

  test.each<[KeyName, string, Sign]>([
    ["small", "RS256", pkcs1("sha256")],
    ["small", "PS256", pss("sha256", 32)],
    ["p384", "ES256", ecdsa("sha256")],
    ["p256", "ES384", ecdsa("sha384")],
    ["k256", "ES256", ecdsa("sha256")],
    ["k256", "ES256K", ecdsa("sha256")],
    ["ed448", "EdDSA", eddsa],
    ["ed448", "Ed448", eddsa],
  ])("is not used although it signed the token: %s with %s", async (name, alg, sign) => {
    const made = (input: Buffer) => sign(input, privateKey(name));
    expect(await statusOf(token(alg, name, made))).toBe(401);
  });

  test("is not used when it is symmetric", async () => {
    const made = (input: Buffer) => createHmac("sha256", "secret").update(input).digest();
    expect(await statusOf(token("HS256", "symmetric", made))).toBe(401);
  });
});
