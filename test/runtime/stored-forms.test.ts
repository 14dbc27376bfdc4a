/**
 * Deployments overlap, and are rolled back: what one version has stored, another one reads or ignores.
 * The forms below are frozen. Whoever changes what is stored raises its version, and adds a form here.
 */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { readCopy, writeCopy } from "../../src/balance/kv-copy.ts";
import { apiKeyRecordSchema } from "../../src/callers/api-key/record.ts";
import { keysId, readKeysCopy, writeKeysCopy } from "../../src/callers/jwt/jwks.ts";
import { sha256Hex } from "../../src/lib/digest.ts";
import { LogThrottle } from "../../src/lib/log-throttle.ts";
import { balanceBody } from "../zoo/bodies.ts";
import { configWith, demandOf, env } from "./support.ts";

vi.spyOn(console, "info").mockReturnValue();
vi.spyOn(console, "warn").mockReturnValue();
vi.spyOn(console, "error").mockReturnValue();
const fetched = vi.spyOn(globalThis, "fetch");
beforeEach(() => {
  fetched.mockReset();
});
const FETCHED_AT = 1_795_000_000_000;
const SOURCE = "https://api.zoo.dev user ZOO_API_TOKEN";
const log = new LogThrottle();

const RECORD_V1 = {
  v: 1,
  account: "default",
  source: SOURCE,
  fetched_at: FETCHED_AT,
  balance: {
    available: "37.3583",
    monthly: {
      remaining: "12.4583",
      allowance: "20.00",
      units: 1501,
      refreshes_at: "2026-12-11T15:30:00Z",
    },
    prepaid: { remaining: "24.90", units: 3000, cash: null },
    total_due: "4.20",
    plan: {
      name: "pro_2026",
      title: "Pro",
      pricing: "flat",
      price: "29.00",
      interval: "month",
      support: "standard_email",
    },
    updated_at: "2026-11-20T18:22:41Z",
  },
};
/** What has been added since; a record without it is read as one that does not know. */
const ADDED = { access: null, kept_until: 0 };
const STATE_V1 = {
  v: 1,
  source: SOURCE,
  record: RECORD_V1,
  failure: {
    reason: "upstream_unavailable",
    at: FETCHED_AT + 60_000,
    retry_at: FETCHED_AT + 61_000,
    count: 1,
  },
  attempted_at: FETCHED_AT + 60_000,
};
const ISSUER = { issuer: "https://issuer.example", audience: "a" };
const KEYS_V1 = {
  v: 1,
  id: '["https://issuer.example"]',
  fetched_at: FETCHED_AT,
  keys: [{ kty: "EC", kid: "k", crv: "P-256", x: "AA", y: "AA" }],
};
const API_KEY_RECORD = {
  id: "0oTbcnGALa",
  name: "iOS staging",
  account: "default",
  scopes: ["balance:status"],
  created_at: "2026-11-24T10:00:00Z",
  expires_at: null,
};

const account = configWith("another").accounts.get("default");
if (account === undefined) throw new Error("there is always a default account");

/** What a later version might store: more of it, under its own version. */
const later = (stored: object) => ({ ...stored, v: 2, more: { x: 1 } });
/** What a version might store that forgot to raise it. */
const careless = (stored: object) => ({ ...stored, more: { x: 1 } });

const good = async () => Response.json(balanceBody("2026-08", { includeTotalDue: true }));
const at = (ms: number) => vi.setSystemTime(ms);

/** Names and types, all the way down. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== "object" || value === null) return value === null ? "null" : typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, shapeOf(part)]));
}

describe("the balance's copy in KV", () => {
  const put = (value: unknown) => env.BALANCE_KV.put("balance:default", JSON.stringify(value));

  test("of version 1 is read whole, also as it was before members were added", async () => {
    await put(RECORD_V1);
    at(FETCHED_AT + 1_000);
    expect(await readCopy(env.BALANCE_KV, account, log)).toEqual({ ...RECORD_V1, ...ADDED });
    const access = { blocked: "admin", pay_as_you_go: true };
    const whole = { ...RECORD_V1, access, kept_until: FETCHED_AT + 900_000 };
    await put(whole);
    expect(await readCopy(env.BALANCE_KV, account, log)).toEqual(whole);
  });

  test.each([later(RECORD_V1), careless(RECORD_V1), { ...RECORD_V1, v: 0 }])(
    "of another form is ignored, and replaced: %#",
    async (value) => {
      at(FETCHED_AT + 1_000);
      await put(value);
      expect(await readCopy(env.BALANCE_KV, account, log)).toBeNull();
      const record = await runInDurableObject(
        env.ACCOUNT_BALANCE.getByName(`form-${Math.random()}`),
        async (object) => {
          fetched.mockImplementationOnce(good);
          return (await object.refresh(demandOf())).record;
        },
      );
      if (record === null) throw new Error("nothing was refreshed");
      await writeCopy(env.BALANCE_KV, record, 60, log);
      const stored: unknown = await env.BALANCE_KV.get("balance:default", "json");
      expect(shapeOf(stored)).toEqual(shapeOf({ ...RECORD_V1, ...ADDED }));
    },
  );
});

describe("the object's state", () => {
  async function start(state: unknown) {
    const stub = env.ACCOUNT_BALANCE.getByName(`state-${Math.random()}`);
    await runInDurableObject(stub, (_, { storage }) => storage.kv.put("state", state));
    await evictDurableObject(stub);
    return stub;
  }

  test("of version 1 is read: the value, and when to ask again", async () => {
    at(FETCHED_AT + 60_500);
    const stub = await start(STATE_V1);
    expect(await stub.refresh(demandOf())).toEqual({
      record: { ...RECORD_V1, ...ADDED },
      failure: STATE_V1.failure,
      attempted: false,
    });
    expect(fetched).not.toHaveBeenCalled();
  });

  test.each([later(STATE_V1), careless(STATE_V1), { ...STATE_V1, record: later(RECORD_V1) }])(
    "of another form is ignored, and replaced: %#",
    async (state) => {
      at(FETCHED_AT + 60_500);
      const stub = await start(state);
      fetched.mockImplementationOnce(async () => new Response("", { status: 503 }));
      expect(await stub.refresh(demandOf())).toMatchObject({ record: null, failure: { count: 1 } });
      fetched.mockImplementationOnce(good);
      vi.setSystemTime(FETCHED_AT + 120_000);
      expect((await stub.refresh(demandOf())).record?.balance).toEqual(RECORD_V1.balance);
      const stored = await runInDurableObject(stub, (_, { storage }) => storage.kv.get("state"));
      expect(shapeOf(stored)).toEqual(
        shapeOf({ ...STATE_V1, record: { ...RECORD_V1, ...ADDED }, failure: null }),
      );
    },
  );
});

describe("an issuer's keys in KV", () => {
  const put = async (value: unknown) =>
    env.BALANCE_KV.put(`jwks:${await sha256Hex(KEYS_V1.id)}`, JSON.stringify(value));

  test("of version 1 are read, whole, and written so", async () => {
    expect(keysId(ISSUER)).toBe(KEYS_V1.id);
    await put(KEYS_V1);
    const read = await readKeysCopy(env.BALANCE_KV, KEYS_V1.id, log);
    expect(read).toEqual(KEYS_V1);
    if (read !== null) await writeKeysCopy(env.BALANCE_KV, read, log);
    expect(await readKeysCopy(env.BALANCE_KV, KEYS_V1.id, log)).toEqual(KEYS_V1);
  });

  test.each([later(KEYS_V1), careless(KEYS_V1), { ...KEYS_V1, id: "another" }])(
    "of another form are ignored: %#",
    async (value) => {
      await put(value);
      expect(await readKeysCopy(env.BALANCE_KV, KEYS_V1.id, log)).toBeNull();
    },
  );
});

describe("an API key's record", () => {
  test("is read, with or without what a later version adds", () => {
    expect(apiKeyRecordSchema.parse(API_KEY_RECORD)).toEqual(API_KEY_RECORD);
    expect(apiKeyRecordSchema.parse({ ...API_KEY_RECORD, more: 1 })).toEqual(API_KEY_RECORD);
  });
});

describe("the object's tables and what it has told", () => {
  const TOLD_V1 = {
    v: 1,
    source: SOURCE,
    account: "default",
    told: { low: ["50.00"], exhausted: false, rejected: false },
  };
  const HISTORY_V1 = `CREATE TABLE history_v1 (source TEXT NOT NULL, at INTEGER NOT NULL,
    available TEXT NOT NULL, monthly TEXT NOT NULL, prepaid TEXT NOT NULL, total_due TEXT,
    PRIMARY KEY (source, at)) WITHOUT ROWID`;
  const OUTBOX_V1 = `CREATE TABLE outbox_v1 (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL,
    type TEXT NOT NULL, body TEXT NOT NULL, created_at INTEGER NOT NULL, attempts INTEGER NOT NULL,
    next_at INTEGER NOT NULL)`;
  const ALERTS = { url: "https://hooks.example/", secret: "HOOK", thresholds: ["50.00"] };

  test("of version 1 are read on", async () => {
    at(FETCHED_AT + 3_600_000);
    const stub = env.ACCOUNT_BALANCE.getByName(`tables-${Math.random()}`);
    await runInDurableObject(stub, (_, { storage }) => {
      storage.sql.exec("DROP TABLE history_v1; DROP TABLE outbox_v1");
      storage.sql.exec(HISTORY_V1);
      storage.sql.exec(OUTBOX_V1);
      storage.sql.exec(
        "INSERT INTO history_v1 VALUES (?, ?, '40.00', '15.00', '25.00', NULL)",
        ...[SOURCE, FETCHED_AT],
      );
      storage.sql.exec(
        "INSERT INTO outbox_v1 VALUES (1, 'msg_1', 'balance.low', '{}', ?, 0, ?)",
        ...[FETCHED_AT, FETCHED_AT],
      );
      storage.kv.put("alerts", TOLD_V1);
    });
    await evictDurableObject(stub);
    const sent: string[] = [];
    fetched.mockImplementation(async (url, init) => {
      if (!String(url).startsWith(ALERTS.url)) return good();
      sent.push(new Headers(init?.headers).get("webhook-id") ?? "");
      return new Response(null, { status: 204 });
    });
    await runInDurableObject(stub, async (object, { storage }) => {
      Reflect.set(object, "env", { ...env, ALERTS, HOOK: btoa("x".repeat(32)) });
      await object.refresh(demandOf());
      expect(object.history("default", 400).points).toMatchObject([
        { at: FETCHED_AT, available: "40.00", total_due: null },
        { available: "37.3583", total_due: "4.20" },
      ]);
      await object.alarm();
      // 50.00 has been told of already: only what was waiting goes out.
      expect(sent).toEqual(["msg_1"]);
      expect(storage.kv.get("alerts")).toEqual(TOLD_V1);
      expect(storage.sql.exec("SELECT * FROM outbox_v1").toArray()).toEqual([]);
    });
  });

  /** The first form that knows several receivers and all kinds of events. */
  const TOLD_V2 = {
    v: 2,
    source: SOURCE,
    account: "default",
    before: { available: "40.00", monthly: "15.00" },
    no_success_since: null,
    told: [
      {
        low: ["50.00"],
        exhausted: false,
        rejected: false,
        stale: false,
        blocked: false,
        runs_out: [7],
        topped_up: { from: "10.00", to: "40.00" },
      },
    ],
  };

  test("of version 2 are read on, and written so", async () => {
    at(FETCHED_AT + 3_600_000);
    const stub = env.ACCOUNT_BALANCE.getByName(`tables-2-${Math.random()}`);
    await runInDurableObject(stub, (_, { storage }) => {
      storage.sql.exec(
        `INSERT INTO outbox_v1 (receiver, id, type, body, created_at, attempts, next_at)
          VALUES (1, 'msg_2', 'balance.low', '{}', ?, 0, ?)`,
        ...[FETCHED_AT, FETCHED_AT],
      );
      storage.sql.exec(
        "INSERT INTO spent_v1 VALUES (?, '2026-11-18', '3.50', ?)",
        SOURCE,
        FETCHED_AT,
      );
      storage.kv.put("history_thinned", { v: 1, at: FETCHED_AT, rows: 1 });
      storage.kv.put("alerts_v2", TOLD_V2);
    });
    await evictDurableObject(stub);
    const sent: string[] = [];
    fetched.mockImplementation(async (url, init) => {
      if (!String(url).startsWith("https://pager.example/")) return good();
      sent.push(new Headers(init?.headers).get("webhook-id") ?? "");
      return new Response(null, { status: 204 });
    });
    await runInDurableObject(stub, async (object, { storage }) => {
      const second = { ...ALERTS, url: "https://pager.example/", thresholds: [] };
      const both = [{ ...ALERTS, days: ["7"] }, second];
      Reflect.set(object, "env", { ...env, ALERTS: both, HOOK: btoa("x".repeat(32)) });
      await object.refresh(demandOf());
      await object.alarm();
      // The first has been told of 50.00; what waited for the second goes out.
      expect(sent).toEqual(["msg_2"]);
      expect(shapeOf(storage.kv.get("alerts_v2"))).toEqual(
        shapeOf({
          ...TOLD_V2,
          told: [TOLD_V2.told[0], { ...TOLD_V2.told[0], low: [], runs_out: [], topped_up: null }],
        }),
      );
      expect(storage.kv.get("history_thinned")).toMatchObject({ v: 1, rows: 2 });
    });
  });
});
