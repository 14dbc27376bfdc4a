import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { beforeAll, beforeEach, expect, test, vi } from "vitest";
import { newApiKey } from "../../src/callers/api-key/format.ts";
import { keysId, type StoredKeys, writeKeysCopy } from "../../src/callers/jwt/jwks.ts";
import type { Env } from "../../src/env.ts";
import { sha256Hex } from "../../src/lib/digest.ts";
import { LogThrottle } from "../../src/lib/log-throttle.ts";
import { apiKeyRecord } from "../api-key-record.ts";
import { askWorker } from "./ask.ts";
import { env as bindings, recordOf } from "./support.ts";

const ISSUER = { issuer: "https://ahead.example", audience: "app", jwks_url: "https://k.example" };
const ATTESTATION = {
  issuer: "https://firebaseappcheck.googleapis.com/1",
  jwks_url: "https://a.example",
};
const APP_CHECK = {
  project_number: "1",
  app_ids: ["app-id"],
  mode: "enforce",
  jwks_url: ATTESTATION.jwks_url,
};
const callers = await generateKeyPair("ES256");
const apps = await generateKeyPair("RS256");

vi.spyOn(console, "warn").mockReturnValue();

/** Reads wait until they are let go, so that it can be seen which stand side by side. */
class Gate {
  readonly started: string[] = [];
  readonly #open = Promise.withResolvers<void>();
  of(kv: KVNamespace): KVNamespace {
    const get = async (key: string, options: KVNamespaceGetOptions<"json">) => {
      this.started.push(key.replace(/:.*/, ""));
      await this.#open.promise;
      return kv.get(key, options);
    };
    return new Proxy(kv, {
      get: (target, name) => (name === "get" ? get : Reflect.get(target, name)),
    });
  }
  open = () => this.#open.resolve();
}

let gate: Gate;
let env: Env;
const objects = vi.spyOn(bindings.ACCOUNT_BALANCE, "getByName");
const start = (variables: object = {}) => {
  gate = new Gate();
  env = {
    ...bindings,
    BALANCE_KV: gate.of(bindings.BALANCE_KV),
    API_KEYS: gate.of(bindings.API_KEYS),
    ...{ FRESH_SECONDS: 600, KEEP_FRESH_SECONDS: 0, HEDGE_MS: 0, JWT_ISSUERS: [ISSUER] },
    ...variables,
  };
};

function storeKeys(issuer: Parameters<typeof keysId>[0], key: StoredKeys["keys"][number]) {
  const stored = { v: 1, id: keysId(issuer), fetched_at: Date.now(), keys: [key] };
  return writeKeysCopy(bindings.BALANCE_KV, stored, new LogThrottle());
}

beforeAll(async () => {
  const jwk = { ...(await exportJWK(callers.publicKey)), kty: "EC" as const, kid: "k" };
  await storeKeys(ISSUER, jwk);
  const ofApps = { ...(await exportJWK(apps.publicKey)), kty: "RSA" as const, kid: "a" };
  await storeKeys(ATTESTATION, ofApps);
  await bindings.BALANCE_KV.put("balance:default", JSON.stringify(recordOf("default", Date.now())));
});
beforeEach(() => {
  start();
  objects.mockClear();
});

const token = () =>
  new SignJWT({ sub: "s", iss: ISSUER.issuer, aud: ISSUER.audience })
    .setProtectedHeader({ alg: "ES256", kid: "k" })
    .setExpirationTime("1h")
    .sign(callers.privateKey);
const appToken = () =>
  new SignJWT({ sub: "app-id", iss: ATTESTATION.issuer, aud: ["projects/1"] })
    .setProtectedHeader({ alg: "RS256", kid: "a" })
    .setExpirationTime("1h")
    .sign(apps.privateKey);

function ask(credential: string, headers: Record<string, string> = {}) {
  return askWorker(env, { authorization: `Bearer ${credential}`, ...headers });
}

test("a JWT on a cold isolate: its issuer's keys and the balance are read side by side", async () => {
  const answer = ask(await token());
  await expect.poll(() => gate.started.sort()).toEqual(["balance", "jwks"]);
  gate.open();
  expect((await answer).status).toBe(200);
  expect(gate.started).toHaveLength(2);
  expect(objects).not.toHaveBeenCalled();
});

test("with App Check, the attestation's keys are read beside those two", async () => {
  start({ APP_CHECK });
  const answer = ask(await token(), { "x-firebase-appcheck": await appToken() });
  await expect.poll(() => gate.started.sort()).toEqual(["balance", "jwks", "jwks"]);
  gate.open();
  expect((await answer).status).toBe(200);
  expect(gate.started).toHaveLength(3);
});

test("an API key on a cold isolate: its record and the balance of the one account are read side by side", async () => {
  const key = await newApiKey();
  const digest = await sha256Hex(key);
  await bindings.API_KEYS.put(digest, JSON.stringify(apiKeyRecord()));
  const answer = ask(key);
  await expect.poll(() => gate.started.sort()).toEqual([digest, "balance"].sort());
  gate.open();
  expect((await answer).status).toBe(200);
  expect(gate.started).toHaveLength(2);
});

test("with several accounts an API key does not say which, so nothing is read ahead", async () => {
  start({ ACCOUNTS: { other: { token: "ZOO_API_TOKEN" } } });
  const key = await newApiKey();
  const digest = await sha256Hex(key);
  await bindings.API_KEYS.put(digest, JSON.stringify(apiKeyRecord()));
  gate.open();
  expect((await ask(key)).status).toBe(200);
  expect(gate.started).toEqual([digest, "balance"]);
});

test("50 forged tokens on a cold isolate cause one read of the balance, and are shown nothing", async () => {
  gate.open();
  const forged = `${(await token()).slice(0, -8)}AAAAAAAA`;
  const answers = await Promise.all(Array.from({ length: 50 }, () => ask(forged)));
  for (const answer of answers) {
    expect(answer.status).toBe(401);
    expect(await answer.text()).not.toContain("available");
  }
  expect(gate.started.filter((key) => key === "balance")).toHaveLength(1);
  expect(objects).not.toHaveBeenCalled();
});
