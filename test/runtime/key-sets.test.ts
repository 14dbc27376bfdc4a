/** The issuer's keys as an isolate knows them, with real signatures and a mocked identity provider. */
import { SignJWT, exportJWK, generateKeyPair } from "jose";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { verifyJwt } from "../../src/callers/jwt.ts";
import type { Lookup } from "../../src/callers/lookup.ts";
import { keysId, writeKeysCopy } from "../../src/callers/stored-keys.ts";
import { env } from "./support.ts";

vi.spyOn(console, "info").mockReturnValue();
vi.spyOn(console, "error").mockReturnValue();
const fetched = vi.spyOn(globalThis, "fetch");
afterEach(() => {
  vi.useRealTimers();
  fetched.mockReset();
});

type Key = Awaited<ReturnType<typeof newKey>>;
async function newKey(kid?: string) {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), ...(kid === undefined ? {} : { kid }) };
  return { privateKey, jwk: jwk as { kty: "EC" } & Record<string, unknown>, kid };
}
let old: Key;
let fresh: Key;
beforeAll(async () => {
  [old, fresh] = [await newKey("old"), await newKey("new")];
});

const issuerOf = (name: string) => ({
  issuer: `https://${name}.example`,
  audience: "app",
  algorithms: ["ES256" as const],
  jwks_url: `https://${name}.example/jwks`,
});

async function verify(name: string, key: Key, kid = key.kid, mayAsk = true) {
  const token = await new SignJWT({ sub: "somebody" })
    .setProtectedHeader(kid === undefined ? { alg: "ES256" } : { alg: "ES256", kid })
    .setIssuer(`https://${name}.example`)
    .setAudience("app")
    .setExpirationTime("365 days")
    .sign(key.privateKey);
  const work: Promise<unknown>[] = [];
  const lookup: Lookup = { env, waitUntil: (promise) => work.push(promise), mayAsk };
  const result = await verifyJwt(token, [issuerOf(name)], lookup);
  await Promise.all(work);
  return result.ok ? "ok" : result.denial;
}

const publish = (...keys: Key[]) =>
  fetched.mockImplementation(async () => Response.json({ keys: keys.map(({ jwk }) => jwk) }));
const unreachable = () => fetched.mockImplementation(() => Promise.reject(new Error("down")));

async function copyInKv(name: string, ageMs: number, key: Key): Promise<void> {
  const fetched_at = Date.now() - ageMs;
  const id = keysId(issuerOf(name));
  await writeKeysCopy(env.BALANCE_KV, { v: 1, id, fetched_at, keys: [key.jwk] });
}

describe("keys from long ago, while the provider is reachable", () => {
  test("are renewed before anything is verified with them", async () => {
    await copyInKv("withdrawn", 20 * 86_400_000, old);
    publish(fresh);
    expect(await verify("withdrawn", old)).toBe("unknown_key");
    expect(await verify("withdrawn", fresh)).toBe("ok");
    expect(fetched).toHaveBeenCalledOnce();
  });

  test("from 11 minutes ago, behind the answer", async () => {
    await copyInKv("recent", 11 * 60_000, old);
    publish(fresh);
    expect(await verify("recent", old)).toBe("ok");
    expect(await verify("recent", old)).toBe("unknown_key");
  });
});

test("keys from long ago go on verifying while the provider is not reachable", async () => {
  await copyInKv("down", 20 * 86_400_000, old);
  unreachable();
  expect(await verify("down", old)).toBe("ok");
  expect(await verify("down", old)).toBe("ok");
  expect(await verify("down", fresh)).toBe("unknown_key");
});

test("no keys at all: it cannot be checked, which is not the token's fault", async () => {
  unreachable();
  expect(await verify("unheard", old)).toBe("keys_unavailable");
  expect(await verify("unheard", old, "old", false)).toBe("address_limited");
});

describe("tokens without a key id", () => {
  test("are tried with each key that fits", async () => {
    const [a, b] = [await newKey(), await newKey()];
    publish(a, b, fresh);
    expect(await verify("unnamed", a)).toBe("ok");
    expect(await verify("unnamed", b)).toBe("ok");
    expect(await verify("unnamed", fresh, undefined)).toBe("ok");
    expect(await verify("unnamed", await newKey())).toBe("signature");
  });

  test("find a key that has replaced the only one", async () => {
    const [a, b] = [await newKey(), await newKey()];
    publish(a);
    expect(await verify("replaced", a)).toBe("ok");
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 60_000 });
    publish(b);
    expect(await verify("replaced", b)).toBe("ok");
    expect(await verify("replaced", a)).toBe("signature");
  });
});

test("a key set holds public signature keys only; others are left out", async () => {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const secret = { ...(await exportJWK(privateKey)), kid: "leaked" };
  const octets = { kty: "oct", k: "c2VjcmV0", kid: "shared" };
  fetched.mockImplementation(async () => Response.json({ keys: [secret, octets, 7, fresh.jwk] }));
  expect(await verify("mixed", fresh)).toBe("ok");
  expect(await verify("mixed", { ...fresh, privateKey }, "leaked")).toBe("unknown_key");
});
