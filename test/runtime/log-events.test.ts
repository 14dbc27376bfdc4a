/** Every line that the log may hold, provoked: an event that nobody can make happen is one nobody has seen. */
import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { beforeEach, expect, test, vi } from "vitest";
import type { AccountBalance } from "../../src/account/account-object.ts";
import { newApiKey } from "../../src/callers/api-key/format.ts";
import { keysId } from "../../src/callers/jwt/jwks.ts";
import handbook from "../../src/cli/README.md?raw";
import { sha256Hex } from "../../src/lib/digest.ts";
import type { LogEvent } from "../../src/lib/log.ts";
import { VERSION } from "../../src/lib/version.ts";
import { apiKeyRecord } from "../api-key-record.ts";
import { balanceBody } from "../zoo/bodies.ts";
import { askWorker } from "./ask.ts";
import { demandOf, env, later, recordOf, SOURCE } from "./support.ts";

const HOUR_MS = 3_600_000;
const HOOK_URL = "https://hooks.example/";
const ISSUER = { issuer: "https://login.example", audience: "app" };

type Line = Readonly<Record<string, unknown>>;
const lines: Line[] = [];
for (const level of ["info", "warn", "error"] as const) {
  vi.spyOn(console, level).mockImplementation((line) => {
    lines.push(JSON.parse(String(line)));
  });
}

/** What Zoo, the identity provider and the receiver answer. */
let answers: { zoo: () => Response; provider: () => Response; receiver: () => Response };
const fetched = vi.spyOn(globalThis, "fetch");
beforeEach(async () => {
  await reset();
  lines.length = 0;
  answers = {
    zoo: () => Response.json(balanceBody("2026-08")),
    provider: () => new Response(null, { status: 503 }),
    receiver: () => new Response(null, { status: 204 }),
  };
  fetched.mockImplementation(async (input) => {
    const url = String(input);
    if (url.startsWith("https://api.zoo.dev/")) return answers.zoo();
    return url === HOOK_URL ? answers.receiver() : answers.provider();
  });
});
const failing = () => new Response("{}", { status: 500 });
const broken = () => Promise.reject(new Error("boom"));
/** Spread anew, an environment is an isolate that remembers nothing. */
const isolate = (changed: object = {}) => ({ ...env, ...changed });

async function ask(credential: string, changed: object = {}, path = "/v1/balance") {
  await askWorker(isolate(changed), { authorization: `Bearer ${credential}` }, { path });
}

/** A good caller's request. */
async function askWithKey(changed: object = {}) {
  const key = await newApiKey();
  await env.API_KEYS.put(await sha256Hex(key), JSON.stringify(apiKeyRecord()));
  await ask(key, changed);
}

/** A token that only the issuer's keys could tell from a good one. */
function askWithToken() {
  const part = (value: object) =>
    btoa(JSON.stringify(value)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const claims = { iss: ISSUER.issuer, aud: ISSUER.audience, sub: "somebody", exp: 4e9 };
  const token = `${part({ alg: "ES256", kid: "k" })}.${part(claims)}.${"A".repeat(86)}`;
  return ask(token, { JWT_ISSUERS: [ISSUER] });
}

const account = () => env.ACCOUNT_BALANCE.getByName("default");
/** Lets the account's object start anew, two hours after its last success and one after Zoo failed. */
async function outage() {
  const now = Date.now();
  const failure = {
    reason: "upstream_unavailable",
    at: now - 60_000,
    retry_at: now - 1,
    count: 4,
    since: now - HOUR_MS,
  };
  const record = recordOf("default", now - 2 * HOUR_MS);
  const state = { v: 1, source: SOURCE, record, failure, attempted_at: now - 60_000 };
  await runInDurableObject(account(), (_, { storage }) => storage.kv.put("state", state));
  await evictDurableObject(account());
}

/** Inside the account's object, under another environment: a refresh, and the alarm after it. */
async function refresh(changed: object = {}, prepare?: (storage: DurableObjectStorage) => void) {
  await runInDurableObject(account(), async (object: AccountBalance, { storage }) => {
    Reflect.set(object, "env", isolate(changed));
    prepare?.(storage);
    await object.refresh(demandOf());
    await object.alarm();
  });
}
const alerting = () =>
  refresh({
    ALERTS: { url: HOOK_URL, secret: "HOOK", thresholds: ["50.00"] },
    HOOK: btoa("x".repeat(32)),
  });
const anAlert = {
  account: "default",
  reason: "balance.low",
  webhook_id: expect.stringMatching(/^msg_/),
  age_s: expect.any(Number),
  failures: 1,
};

const digest = expect.stringMatching(/^[0-9a-f]{16}$/);

interface Provocation {
  readonly provoke: () => Promise<void>;
  /** What the line must say for whoever reads it at night. */
  readonly says: object;
}

const PROVOCATIONS: Readonly<Record<LogEvent, Provocation>> = {
  refreshed: {
    async provoke() {
      await outage();
      await refresh();
    },
    says: { account: "default", token: "ZOO_API_TOKEN", upstream_status: 200, outage_s: 3_600 },
  },
  refresh_failed: {
    async provoke() {
      answers.zoo = failing;
      await outage();
      await refresh();
    },
    says: {
      account: "default",
      token: "ZOO_API_TOKEN",
      reason: "upstream_unavailable",
      upstream: "api.zoo.dev/user/payment/balance",
      upstream_status: 500,
      failures: 5,
      failing_since: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      stored_age_s: 7_200,
      retry_in_ms: expect.any(Number),
    },
  },
  upstream_drift: {
    async provoke() {
      answers.zoo = () => Response.json({ ...balanceBody("2026-08"), total_due: {} });
      await refresh();
    },
    says: { account: "default", drift: [{ field: "total_due", type: "object" }] },
  },
  kv_read_failed: {
    provoke: () => askWithKey({ BALANCE_KV: { get: broken } }),
    says: { account: "default", error: "Error" },
  },
  kv_write_failed: {
    provoke: () => refresh({ BALANCE_KV: { put: broken } }),
    says: { account: "default", error: "Error" },
  },
  kv_foreign_value: {
    async provoke() {
      await env.BALANCE_KV.put("balance:default", "{}");
      await askWithKey();
    },
    says: { account: "default" },
  },
  object_failed: {
    provoke: () => askWithKey({ ACCOUNT_BALANCE: { getByName: () => ({ refresh: broken }) } }),
    says: { account: "default", error: "Error", request_id: expect.any(String) },
  },
  keys_refreshed: {
    async provoke() {
      const jwks_uri = "https://keys.example/jwks";
      const x = "A".repeat(43);
      const document = { issuer: ISSUER.issuer, jwks_uri };
      const keys = [{ kty: "OKP", crv: "Ed25519", x }];
      answers.provider = () => Response.json({ ...document, keys });
      await askWithToken();
    },
    says: { issuer: ISSUER.issuer, upstream: "keys.example" },
  },
  keys_failed: {
    async provoke() {
      const object = env.ISSUER_KEYS.getByName(keysId(ISSUER));
      const fetched_at = Date.now() - 2 * HOUR_MS;
      const stored = { v: 1, id: keysId(ISSUER), fetched_at, keys: [{ kty: "EC" }] };
      await runInDurableObject(object, (_, { storage }) => storage.kv.put("keys", stored));
      await evictDurableObject(object);
      await askWithToken();
    },
    says: {
      issuer: ISSUER.issuer,
      reason: "discovery_status_503",
      upstream: "login.example",
      stored_age_s: 7_200,
    },
  },
  alert_sent: {
    provoke: alerting,
    says: { ...anAlert, upstream_status: 204 },
  },
  alert_failed: {
    provoke() {
      answers.receiver = failing;
      return alerting();
    },
    says: { ...anAlert, upstream_status: 500, retry_in_ms: expect.any(Number) },
  },
  alert_dropped: {
    provoke() {
      answers.receiver = () => new Response(null, { status: 410 });
      return alerting();
    },
    says: { ...anAlert, upstream_status: 410 },
  },
  denied: {
    provoke: () => ask("x"),
    says: { route: "/v1/balance", code: "invalid_credentials", reason: "malformed" },
  },
  attestation_failed: {
    provoke: () =>
      askWithKey({ APP_CHECK: { project_number: "1", app_ids: ["a"], mode: "observe" } }),
    says: { account: "default", caller: digest, reason: "missing" },
  },
  api_keys_failed: {
    provoke: () => askWithKey({ API_KEYS: { get: broken } }),
    says: { error: "Error" },
  },
  limiter_failed: {
    provoke: () => askWithKey({ CALLER_LIMIT: { limit: broken } }),
    says: { error: "Error" },
  },
  misconfigured: {
    provoke: () => ask("x", { FRESH_SECONDS: "never" }),
    says: { problems: [expect.stringContaining("FRESH_SECONDS: ")] },
  },
  not_ready: {
    provoke: () => ask("x", {}, "/ready"),
    says: { account: "default" },
  },
  slow: {
    async provoke() {
      answers.zoo = () => {
        later(1_500);
        return Response.json(balanceBody("2026-08"));
      };
      await askWithKey();
    },
    says: { route: "/v1/balance", account: "default", caller: digest, ms: 1_500 },
  },
  failed: {
    provoke() {
      answers.zoo = failing;
      return askWithKey();
    },
    says: {
      route: "/v1/balance",
      code: "upstream_unavailable",
      account: "default",
      caller: digest,
    },
  },
  internal: {
    // A value that cannot be added to the history.
    provoke: () => refresh({}, ({ sql }) => sql.exec("DROP TABLE history_v1")),
    says: { account: "default", error: "Error" },
  },
};

test.each(Object.entries(PROVOCATIONS))(
  "%s can be provoked, and its line says what is needed",
  async (event, { provoke, says }) => {
    await provoke();
    const about = lines.filter((line) => line.event === event);
    expect(about, JSON.stringify(lines)).not.toEqual([]);
    expect(about[0]).toMatchObject({ level: expect.any(String), version: VERSION, ...says });
  },
);

test("a caller's failure is found beside the call of Zoo that it came from, whoever began that", async () => {
  answers.zoo = failing;
  const key = await newApiKey();
  await env.API_KEYS.put(await sha256Hex(key), JSON.stringify(apiKeyRecord()));
  const same = isolate();
  const authorization = `Bearer ${key}`;
  const joined = (event: string) =>
    lines.filter((line) => line.event === event).map((line) => [line.request_id, line.failures]);

  await askWorker(same, { authorization, "x-request-id": "first" });
  // What keeps the value fresh for this reader tries again by itself.
  later(60_000);
  await runInDurableObject(account(), (object: AccountBalance) => object.alarm());
  await askWorker(same, { authorization, "x-request-id": "second" });

  expect(joined("refresh_failed")).toEqual([
    ["first", 1],
    [undefined, 2],
  ]);
  expect(joined("failed")).toEqual([
    ["first", 1],
    ["second", 2],
  ]);
});

test("the runbook has exactly the events that are provoked here", () => {
  const [, runbook = ""] = /## Runbook: log events\n(.*?)\n## /s.exec(handbook) ?? [];
  const cells = [...runbook.matchAll(/^\| (`[^|]+) \|/gm)].map(([, cell = ""]) => cell);
  const events = cells
    // A row may be of one reason only.
    .flatMap((cell) => cell.replace(/reason .*/, "").match(/`[a-z_]+`/g) ?? [])
    .map((word) => word.slice(1, -1))
    .filter((word) => word !== "event");
  expect([...new Set(events)].sort()).toEqual(Object.keys(PROVOCATIONS).sort());
});
