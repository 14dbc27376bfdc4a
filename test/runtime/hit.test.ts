import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { newApiKey } from "../../src/callers/api-key/format.ts";
import { keysId, writeKeysCopy } from "../../src/callers/jwt/jwks.ts";
import type { Env } from "../../src/env.ts";
import { sha256Hex } from "../../src/lib/digest.ts";
import { LogThrottle } from "../../src/lib/log-throttle.ts";
import { apiKeyRecord } from "../api-key-record.ts";
import { askWorker } from "./ask.ts";
import { env as bindings, later, recordOf } from "./support.ts";

const ISSUER = { issuer: "https://issuer.example", audience: "app", jwks_url: "https://k.example" };
const { privateKey, publicKey } = await generateKeyPair("ES256");

/** A configuration of its own: what others have remembered is nothing to it. */
const newEnv = (variables = {}): Env => ({
  ...bindings,
  ...{ FRESH_SECONDS: 600, JWT_ISSUERS: [ISSUER], ...variables },
});
let env: Env;
const STORED_AT = Date.now();

const verify = vi.spyOn(crypto.subtle, "verify");
const readKey = vi.spyOn(bindings.API_KEYS, "get");
const readCopy = vi.spyOn(bindings.BALANCE_KV, "get");
vi.spyOn(console, "warn").mockReturnValue();

beforeAll(async () => {
  const keys = [{ ...(await exportJWK(publicKey)), kty: "EC" as const, kid: "k", alg: "ES256" }];
  const stored = { v: 1, id: keysId(ISSUER), fetched_at: Date.now(), keys };
  await writeKeysCopy(bindings.BALANCE_KV, stored, new LogThrottle());
  await bindings.BALANCE_KV.put("balance:default", JSON.stringify(recordOf("default", STORED_AT)));
});
beforeEach(() => {
  env = newEnv();
  for (const spy of [verify, readKey, readCopy]) spy.mockClear();
});

async function token(expiresIn = 3_600, sub: string = crypto.randomUUID()): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  return new SignJWT({ sub, iss: ISSUER.issuer, aud: ISSUER.audience, exp: now + expiresIn })
    .setProtectedHeader({ alg: "ES256", kid: "k" })
    .sign(privateKey);
}

async function apiKey(more: object = {}): Promise<string> {
  const key = await newApiKey();
  await bindings.API_KEYS.put(await sha256Hex(key), JSON.stringify(apiKeyRecord(more)));
  return key;
}

async function ask(credential: string, headers: Record<string, string> = {}): Promise<Response> {
  return askWorker(env, { authorization: `Bearer ${credential}`, ...headers });
}

describe("a JWT", () => {
  test("is verified once, and after 60 seconds again", async () => {
    const credential = await token();
    for (let n = 0; n < 3; n++) expect((await ask(credential)).status).toBe(200);
    later(59_000);
    expect((await ask(credential)).status).toBe(200);
    expect(verify).toHaveBeenCalledTimes(1);
    later(2_000);
    expect((await ask(credential)).status).toBe(200);
    expect(verify).toHaveBeenCalledTimes(2);
  });

  test("is not remembered beyond its exp", async () => {
    const credential = await token(10);
    expect((await ask(credential)).status).toBe(200);
    later(11_000);
    // Within the leeway of 30 s it is good, but has to show it.
    expect((await ask(credential)).status).toBe(200);
    expect(verify).toHaveBeenCalledTimes(2);
    later(30_000);
    expect((await ask(credential)).status).toBe(401);
  });

  test("is forgotten with the configuration it was verified under", async () => {
    const credential = await token();
    expect((await ask(credential)).status).toBe(200);
    env = newEnv({ JWT_ISSUERS: [] });
    expect((await ask(credential)).status).toBe(401);
    env = newEnv({ JWT_ISSUERS: [{ ...ISSUER, audience: "another" }] });
    expect((await ask(credential)).status).toBe(401);
  });

  test("never seen before costs a warm isolate one signature check, and no read", async () => {
    await ask(await token());
    for (const spy of [verify, readCopy]) spy.mockClear();
    const objects = vi.spyOn(bindings.ISSUER_KEYS, "getByName");
    expect((await ask(await token())).status).toBe(200);
    expect(verify).toHaveBeenCalledTimes(1);
    expect(readCopy).not.toHaveBeenCalled();
    expect(objects).not.toHaveBeenCalled();
  });

  test("one that differs in a single character is not the one that is remembered", async () => {
    const credential = await token();
    expect((await ask(credential)).status).toBe(200);
    const [head, body, signature = ""] = credential.split(".");
    const swapped = signature.startsWith("A") ? "B" : "A";
    const forged = `${head}.${body}.${swapped}${signature.slice(1)}`;
    expect((await ask(forged)).status).toBe(401);
    expect((await ask(`${credential} `)).status).toBe(200);
  });
});

describe("an API key", () => {
  test("withdrawn from KV is refused 30 seconds after it was read, remembered or not", async () => {
    const key = await apiKey();
    expect((await ask(key)).status).toBe(200);
    await bindings.API_KEYS.delete(await sha256Hex(key));
    later(29_000);
    expect((await ask(key)).status).toBe(200);
    expect(readKey).toHaveBeenCalledTimes(1);
    later(2_000);
    expect((await ask(key)).status).toBe(401);
  });

  test("is not remembered beyond its expiry", async () => {
    const at = new Date(Math.floor(Date.now() / 1_000) * 1_000 + 10_000).toISOString();
    const key = await apiKey({ expires_at: `${at.slice(0, 19)}Z` });
    expect((await ask(key)).status).toBe(200);
    later(11_000);
    expect((await ask(key)).status).toBe(401);
  });
});

test("a token in many spellings of the header is one entry in memory", async () => {
  const credential = await token();
  expect((await ask(credential)).status).toBe(200);
  verify.mockClear();
  for (const spelling of ["bearer ", "BEARER ", "bEARer      ", "Bearer  "]) {
    const response = await ask(credential, { authorization: spelling + credential });
    expect(response.status).toBe(200);
  }
  expect(verify).not.toHaveBeenCalled();
});

test("who is over the caller limit takes no room in memory", async () => {
  const allowed = vi.fn(async () => ({ success: false }));
  env = { ...newEnv(), CALLER_LIMIT: { limit: allowed } };
  const credential = await token();
  expect((await ask(credential)).status).toBe(429);
  verify.mockClear();
  allowed.mockResolvedValue({ success: true });
  expect((await ask(credential)).status).toBe(200);
  expect(verify).toHaveBeenCalledOnce();
});

test("headers of 100 KB are not taken apart: they ask for nothing, and the answer is a hit", async () => {
  const key = await apiKey();
  const { headers } = await ask(key);
  const etag = headers.get("etag") ?? "";
  expect((await ask(key, { "if-none-match": `"x", ${etag}` })).status).toBe(304);
  const commas = ",".repeat(100_000);
  const padded = { "if-none-match": `${etag}${commas}`, "cache-control": `no-cache${commas}` };
  const response = await ask(key, padded);
  expect(response.status).toBe(200);
  expect(response.headers.get("cache-status")).toMatch(/; hit; /);
  const long = await ask(key, { authorization: `Bearer ${key}${commas}` });
  expect(long.status).toBe(401);
});

test("an answer from memory is the app's, but for its age and source", async () => {
  const key = await apiKey();
  const [first, second] = [await ask(key), await ask(key)];
  expect(second.headers.get("cache-status")).toMatch(/^zoo-balance; hit; .*detail=memory$/);
  expect(await second.text()).toBe(await first.text());
  const names = (response: Response) => [...response.headers.keys()].sort();
  expect(names(second)).toEqual(names(first));
});

test("with only-if-cached a value that is no longer fresh is called stale, also from memory", async () => {
  env = newEnv({ KEEP_FRESH_SECONDS: 0 });
  vi.setSystemTime(STORED_AT + 590_000);
  const credential = await token();
  const cached = () => ask(credential, { "cache-control": "only-if-cached" });
  await expect((await cached()).json()).resolves.toMatchObject({ stale: false });
  await expect((await cached()).json()).resolves.toMatchObject({ stale: false });
  later(20_000);
  await expect((await cached()).json()).resolves.toMatchObject({
    stale: true,
    stale_reason: "revalidating",
  });
});

test("each answer has the id of its own request, not the one before", async () => {
  const key = await apiKey();
  await ask(key);
  const answers = await Promise.all(
    ["one", "two", "three"].map((id) => ask(key, { "x-request-id": id })),
  );
  expect(answers.map(({ headers }) => headers.get("x-request-id"))).toEqual([
    "one",
    "two",
    "three",
  ]);
});
