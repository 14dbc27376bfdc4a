/** The issuer's keys as an isolate knows them, with real signatures and a mocked identity provider. */
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { keysId, writeKeysCopy } from "../../src/callers/jwt/jwks.ts";
import { identifyByJwt, verifyJwt } from "../../src/callers/jwt/verify.ts";
import type { Lookup } from "../../src/callers/lookup.ts";
import { IsolateState } from "../../src/config/isolate-state.ts";
import { LogThrottle } from "../../src/lib/log-throttle.ts";
import { env, later, lookupOf } from "./support.ts";

vi.spyOn(console, "info").mockReturnValue();
vi.spyOn(console, "error").mockReturnValue();
const fetched = vi.spyOn(globalThis, "fetch");
afterEach(() => {
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
// What is loaded by the first token of all takes long on a busy machine, which no deadline shall be about.
beforeAll(async () => {
  [issuer, state] = [newIssuer(), new IsolateState()];
  publish(old);
  await verify(old);
  fetched.mockReset();
});

/** Made anew for each test: an issuer without stored keys, and an isolate that remembers nothing. */
let issuer: ReturnType<typeof newIssuer>;
let state: IsolateState;
beforeEach(() => {
  [issuer, state] = [newIssuer(), new IsolateState()];
});

function newIssuer() {
  const url = `https://${crypto.randomUUID()}.example`;
  const algorithms = ["ES256" as const];
  return { issuer: url, audience: "app", algorithms, jwks_url: `${url}/jwks` };
}

const lookup = (more: Partial<Lookup> = {}) => lookupOf(state, more);

const ofObject = vi.spyOn(env.ISSUER_KEYS, "getByName");
const kvGet = vi.spyOn(env.BALANCE_KV, "get");

async function verify(key: Key, kid = key.kid, cacheOnly = false) {
  const entry = issuer;
  const token = await new SignJWT({ sub: "somebody" })
    .setProtectedHeader(kid === undefined ? { alg: "ES256" } : { alg: "ES256", kid })
    .setIssuer(entry.issuer)
    .setAudience("app")
    .setExpirationTime("365 days")
    .sign(key.privateKey);
  const work: Promise<unknown>[] = [];
  const waitUntil = (promise: Promise<unknown>) => work.push(promise);
  const result = await verifyJwt(token, [entry], lookup({ waitUntil, cacheOnly }));
  await Promise.all(work);
  return result.ok ? "ok" : result.denial;
}

const publish = (...keys: Key[]) =>
  fetched.mockImplementation(async () => Response.json({ keys: keys.map(({ jwk }) => jwk) }));
const unreachable = () => fetched.mockImplementation(() => Promise.reject(new Error("down")));

async function copyInKv(ageMs: number, key: Key): Promise<void> {
  const fetched_at = Date.now() - ageMs;
  const stored = { v: 1, id: keysId(issuer), fetched_at, keys: [key.jwk] };
  await writeKeysCopy(env.BALANCE_KV, stored, new LogThrottle());
}

describe("while the provider is reachable", () => {
  test("keys from 20 days ago are renewed before anything is verified with them", async () => {
    await copyInKv(20 * 86_400_000, old);
    publish(fresh);
    expect(await verify(old)).toBe("unknown_key");
    expect(await verify(fresh)).toBe("ok");
    // For their age, and for the first unknown key id after that.
    expect(fetched).toHaveBeenCalledTimes(2);
  });

  test("keys from 11 minutes ago verify once more and are renewed behind the answer", async () => {
    await copyInKv(11 * 60_000, old);
    publish(fresh);
    expect(await verify(old)).toBe("ok");
    expect(await verify(old)).toBe("unknown_key");
  });
});

describe("while the provider is unreachable", () => {
  test("keys from 20 days ago still verify", async () => {
    await copyInKv(20 * 86_400_000, old);
    unreachable();
    expect(await verify(old)).toBe("ok");
    expect(await verify(old)).toBe("ok");
    expect(await verify(fresh)).toBe("unknown_key");
  });

  test("a token whose issuer has no known keys is undecidable, not bad", async () => {
    unreachable();
    expect(await verify(old)).toBe("keys_unavailable");
  });
});

describe("a token without a key id", () => {
  test("is tried with each key that fits", async () => {
    const [a, b] = [await newKey(), await newKey()];
    publish(a, b, fresh);
    expect(await verify(a)).toBe("ok");
    expect(await verify(b)).toBe("ok");
    expect(await verify(fresh, undefined)).toBe("ok");
    expect(await verify(await newKey())).toBe("signature");
  });

  test("is verified by a new key that has replaced the only one", async () => {
    const [a, b] = [await newKey(), await newKey()];
    publish(a);
    expect(await verify(a)).toBe("ok");
    later(60_000);
    publish(b);
    expect(await verify(b)).toBe("ok");
    expect(await verify(a)).toBe("signature");
  });
});

test("private and symmetric keys in a published set are left out, the others are used", async () => {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const secret = { ...(await exportJWK(privateKey)), kid: "leaked" };
  const octets = { kty: "oct", k: "c2VjcmV0", kid: "shared" };
  fetched.mockImplementation(async () => Response.json({ keys: [secret, octets, 7, fresh.jwk] }));
  expect(await verify(fresh)).toBe("ok");
  expect(await verify({ ...fresh, privateKey }, "leaked")).toBe("unfit_key");
});

describe("a rotation", () => {
  const AT_ONCE = 120;
  /** Publishes the keys, but answers not before it is let go. */
  function publishSlowly(...keys: Key[]): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    fetched.mockImplementation(async () => {
      await promise;
      return Response.json({ keys: keys.map(({ jwk }) => jwk) });
    });
    return resolve;
  }
  const isAsked = () => expect.poll(() => fetched.mock.calls.length).toBe(1);

  test("of which 120 callers come at once with the new key costs one fetch, and lets all of them in", async () => {
    await copyInKv(60_000, old);
    expect(await verify(old)).toBe("ok");
    const answer = publishSlowly(fresh);
    const callers = Array.from({ length: AT_ONCE }, () => verify(fresh));
    await isAsked();
    answer();
    expect(new Set(await Promise.all(callers))).toEqual(new Set(["ok"]));
    expect(fetched).toHaveBeenCalledTimes(1);
  });

  test("reaches an issuer's callers while another's provider hangs and invented key ids wait for it", async () => {
    await copyInKv(60_000, old);
    expect(await verify(old)).toBe("ok");
    const answer = publishSlowly(old);
    const invented = Array.from({ length: AT_ONCE }, (_, n) => verify(fresh, `made-up-${n}`));
    await isAsked();

    issuer = newIssuer();
    await copyInKv(60_000, old);
    publish(fresh);
    expect(await verify(fresh)).toBe("ok");
    answer();
    expect(new Set(await Promise.all(invented))).toEqual(new Set(["unknown_key"]));
  });
});

describe("an address over its failure limit", () => {
  test("is served with known keys, whatever their age, and asks for none because of an unknown id", async () => {
    publish(old);
    expect(await verify(old)).toBe("ok");
    ofObject.mockClear();
    kvGet.mockClear();
    expect(await verify(old, "old", true)).toBe("ok");
    expect(await verify(fresh, "new", true)).toBe("unknown_key");
    expect([ofObject.mock.calls, kvGet.mock.calls]).toEqual([[], []]);
    later(2 * 3_600_000);
    unreachable();
    expect(await verify(old, "old", true)).toBe("ok");
    expect(await verify(fresh, "new", true)).toBe("unknown_key");
  });

  test("has a token without key id tried with each key that fits, within a bound", async () => {
    const keys = await Promise.all(Array.from({ length: 15 }, () => newKey()));
    publish(...keys);
    expect(await verify(keys[1] ?? old, undefined, true)).toBe("ok");
    const check = vi.spyOn(crypto.subtle, "verify");
    expect(await verify(await newKey(), undefined, true)).toBe("signature");
    expect(check).toHaveBeenCalledTimes(10);
    check.mockRestore();
  });
});

describe("a flood", () => {
  test("for an issuer without keys is answered from the negative cache", async () => {
    unreachable();
    expect(await verify(old)).toBe("keys_unavailable");
    ofObject.mockClear();
    kvGet.mockClear();
    for (let n = 0; n < 20; n++) expect(await verify(old)).toBe("keys_unavailable");
    expect([ofObject.mock.calls, kvGet.mock.calls]).toEqual([[], []]);
    later(60_000);
    publish(old);
    expect(await verify(old)).toBe("ok");
  });

  test("for an issuer whose keys are slow to come costs one KV read and one call of the object", async () => {
    const slow = Promise.withResolvers<void>();
    fetched.mockImplementation(async () => {
      await slow.promise;
      return Response.json({ keys: [old.jwk] });
    });
    ofObject.mockClear();
    kvGet.mockClear();
    const flood = Array.from({ length: 300 }, () => verify(old));
    await expect.poll(() => fetched.mock.calls.length).toBeGreaterThan(0);
    slow.resolve();
    expect(new Set(await Promise.all(flood))).toEqual(new Set(["ok"]));
    expect(kvGet.mock.calls).toHaveLength(1);
    expect(ofObject.mock.calls).toHaveLength(1);
    expect(fetched.mock.calls).toHaveLength(1);
  });

  test("with keys from 20 days ago costs one renewal", async () => {
    await copyInKv(20 * 86_400_000, old);
    publish(old);
    ofObject.mockClear();
    const flood = Array.from({ length: 300 }, () => verify(old));
    expect(new Set(await Promise.all(flood))).toEqual(new Set(["ok"]));
    expect(ofObject.mock.calls).toHaveLength(1);
  });

  test("of unknown key ids asks the object a bounded number of times, also when it fails", async () => {
    publish(old);
    expect(await verify(old)).toBe("ok");
    later(6_000);
    ofObject.mockClear();
    const flood = Array.from({ length: 200 }, (_, n) => verify(fresh, `made-up-${n}`));
    expect(new Set(await Promise.all(flood))).toEqual(new Set(["unknown_key"]));
    // 50 may wait at once, each for what others have had fetched and for what there is now.
    expect(ofObject.mock.calls.length).toBeLessThanOrEqual(100);

    vi.setSystemTime(Date.now() + 6_000);
    ofObject.mockClear();
    ofObject.mockImplementation(() => {
      throw new Error("boom");
    });
    for (let n = 0; n < 20; n++) {
      expect(await verify(fresh, `made-up-too-${n}`)).toBe("unknown_key");
    }
    expect(ofObject).toHaveBeenCalledOnce();
    ofObject.mockRestore();
  });
});

describe("OpenID discovery", () => {
  const discover = async (document: object) => {
    const { issuer: url, audience, algorithms } = issuer;
    const token = await new SignJWT({ sub: "somebody" })
      .setProtectedHeader({ alg: "ES256", kid: "old" })
      .setIssuer(url)
      .setAudience(audience)
      .setExpirationTime("1 hour")
      .sign(old.privateKey);
    fetched.mockImplementation(async (from) =>
      Response.json(
        String(from).endsWith("/jwks") ? { keys: [old.jwk] } : { issuer: url, ...document },
      ),
    );
    const result = await verifyJwt(token, [{ issuer: url, audience, algorithms }], lookup());
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
    ["a document whose keys are served without TLS", { jwks_uri: "http://keys.example/jwks" }],
    ["a public document whose keys are on this host", { jwks_uri: "http://127.0.0.1:8080/jwks" }],
    ["a public document whose keys are within a network", { jwks_uri: "https://10.0.0.1/jwks" }],
    ["a public document whose keys have an internal name", { jwks_uri: "https://idp.local/jwks" }],
    ["a document without jwks_uri", {}],
  ])("does not trust %s", async (_, document) => {
    expect(await discover(document)).toBe("keys_unavailable");
  });
});

test("a key set dated ahead of its time, in KV, is no key set", async () => {
  await copyInKv(-100 * 365 * 86_400_000, fresh);
  publish(old);
  expect(await verify(fresh)).toBe("unknown_key");
  expect(await verify(old)).toBe("ok");
});

test("of several entries for an issuer, the one that fits audience, algorithm and scope decides the account", async () => {
  publish(old);
  const entries = [
    { ...issuer, audience: "app", scope: "admin", account: "a" },
    { ...issuer, audience: "app", scope: "reader", account: "b" },
    { ...issuer, audience: "web", account: "c" },
    { ...issuer, audience: "old", algorithms: ["RS256" as const], account: "d" },
    { ...issuer, audience: "old", account: "e" },
  ];
  const accountFor = async (aud: string[], scope: string) => {
    const token = await new SignJWT({ sub: "somebody", aud, scope })
      .setProtectedHeader({ alg: "ES256", kid: "old" })
      .setIssuer(issuer.issuer)
      .setExpirationTime("1 hour")
      .sign(old.privateKey);
    const result = await identifyByJwt(token, entries, lookup());
    if (!result.ok) return result.denial;
    return "denial" in result.access ? result.access.denial : result.access.account;
  };
  expect(await accountFor(["app"], "admin")).toBe("a");
  expect(await accountFor(["app"], "x reader")).toBe("b");
  expect(await accountFor(["app"], "x")).toBe("scope_missing");
  expect(await accountFor(["web", "app"], "x")).toBe("c");
  expect(await accountFor(["old"], "x")).toBe("e");
});
