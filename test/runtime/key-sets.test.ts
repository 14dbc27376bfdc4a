/** The issuer's keys as an isolate knows them, with real signatures and a mocked identity provider. */
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { keysId, writeKeysCopy } from "../../src/callers/jwt/jwks.ts";
import { identifyByJwt, verifyJwt } from "../../src/callers/jwt/verify.ts";
import type { Lookup } from "../../src/callers/lookup.ts";
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

const ofObject = vi.spyOn(env.ISSUER_KEYS, "getByName");
const kvGet = vi.spyOn(env.BALANCE_KV, "get");

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

describe("an address that keeps failing", () => {
  test("has nothing looked up, and keys from long ago are not good enough", async () => {
    publish(old);
    expect(await verify("frugal", old)).toBe("ok");
    ofObject.mockClear();
    kvGet.mockClear();
    expect(await verify("frugal", old, "old", false)).toBe("ok");
    expect(await verify("frugal", fresh, "new", false)).toBe("unknown_key");
    expect(await verify("frugal-unknown", old, "old", false)).toBe("address_limited");
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 2 * 3_600_000 });
    expect(await verify("frugal", old, "old", false)).toBe("address_limited");
    expect([ofObject.mock.calls, kvGet.mock.calls]).toEqual([[], []]);
  });

  test("has one signature checked, not one per key", async () => {
    const keys = await Promise.all(Array.from({ length: 15 }, () => newKey()));
    publish(...keys);
    const check = vi.spyOn(crypto.subtle, "verify");
    await verify("candidates", keys[0] ?? old);
    check.mockClear();
    expect(await verify("candidates", await newKey(), undefined, false)).toBe("signature");
    expect(check).toHaveBeenCalledOnce();
    check.mockClear();
    expect(await verify("candidates", await newKey())).toBe("signature");
    expect(check.mock.calls.length).toBeLessThanOrEqual(20);
    check.mockRestore();
  });
});

describe("a flood", () => {
  test("for an issuer without keys is answered from memory for a while", async () => {
    unreachable();
    expect(await verify("barren", old)).toBe("keys_unavailable");
    ofObject.mockClear();
    kvGet.mockClear();
    for (let n = 0; n < 20; n++) expect(await verify("barren", old)).toBe("keys_unavailable");
    expect([ofObject.mock.calls, kvGet.mock.calls]).toEqual([[], []]);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 60_000 });
    publish(old);
    expect(await verify("barren", old)).toBe("ok");
  });

  test("of unknown key ids asks the object a few times, also when it fails", async () => {
    publish(old);
    expect(await verify("flooded", old)).toBe("ok");
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 6_000 });
    ofObject.mockClear();
    const flood = Array.from({ length: 200 }, (_, n) => verify("flooded", fresh, `made-up-${n}`));
    expect(new Set(await Promise.all(flood))).toEqual(new Set(["unknown_key"]));
    expect(ofObject.mock.calls.length).toBeLessThanOrEqual(50);

    vi.setSystemTime(Date.now() + 6_000);
    ofObject.mockClear();
    ofObject.mockImplementation(() => {
      throw new Error("boom");
    });
    for (let n = 0; n < 20; n++) {
      expect(await verify("flooded", fresh, `made-up-too-${n}`)).toBe("unknown_key");
    }
    expect(ofObject).toHaveBeenCalledOnce();
    ofObject.mockRestore();
  });
});

describe("discovery", () => {
  const discover = async (document: object) => {
    const name = `discovered-${crypto.randomUUID()}`;
    const issuer = `https://${name}.example`;
    const token = await new SignJWT({ sub: "somebody" })
      .setProtectedHeader({ alg: "ES256", kid: "old" })
      .setIssuer(issuer)
      .setAudience("app")
      .setExpirationTime("1 hour")
      .sign(old.privateKey);
    const entry = { issuer, audience: "app", algorithms: ["ES256" as const] };
    const lookup = { env, waitUntil: () => undefined, mayAsk: true };
    fetched.mockImplementation(async (url) =>
      Response.json(String(url).endsWith("/jwks") ? { keys: [old.jwk] } : { issuer, ...document }),
    );
    const result = await verifyJwt(token, [entry], lookup);
    return result.ok ? "ok" : result.denial;
  };

  test("finds the keys", async () => {
    expect(await discover({ jwks_uri: "https://keys.example/jwks" })).toBe("ok");
  });

  test.each([
    [
      "another issuer's document",
      { issuer: "https://other.example", jwks_uri: "https://a.b/jwks" },
    ],
    ["keys without TLS", { jwks_uri: "http://keys.example/jwks" }],
    ["no address of keys", {}],
  ])("is not fooled by %s", async (_, document) => {
    expect(await discover(document)).toBe("keys_unavailable");
  });
});

test("of several entries for an issuer the one that fits audience, algorithm and scope counts", async () => {
  publish(old);
  const entries = [
    { ...issuerOf("several"), audience: "app", scope: "admin", account: "a" },
    { ...issuerOf("several"), audience: "app", scope: "reader", account: "b" },
    { ...issuerOf("several"), audience: "web", account: "c" },
    { ...issuerOf("several"), audience: "old", algorithms: ["RS256" as const], account: "d" },
    { ...issuerOf("several"), audience: "old", account: "e" },
  ];
  const accountFor = async (aud: string[], scope: string) => {
    const token = await new SignJWT({ sub: "somebody", aud, scope })
      .setProtectedHeader({ alg: "ES256", kid: "old" })
      .setIssuer("https://several.example")
      .setExpirationTime("1 hour")
      .sign(old.privateKey);
    const lookup = { env, waitUntil: () => undefined, mayAsk: true };
    const result = await identifyByJwt(token, entries, lookup);
    return result.ok ? result.caller.account : result.denial;
  };
  expect(await accountFor(["app"], "admin")).toBe("a");
  expect(await accountFor(["app"], "x reader")).toBe("b");
  expect(await accountFor(["app"], "x")).toBe("scope_missing");
  expect(await accountFor(["web", "app"], "x")).toBe("c");
  expect(await accountFor(["old"], "x")).toBe("e");
});
