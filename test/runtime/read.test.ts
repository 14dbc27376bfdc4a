import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { type Found, type Missing, readBalance } from "../../src/balance/read.ts";
import type { RefreshDemand, RefreshOutcome } from "../../src/balance/refresh.ts";
import { IsolateState } from "../../src/config/isolate-state.ts";
import type { Env } from "../../src/env.ts";
import { configWith, env, later, recordOf } from "./support.ts";

vi.spyOn(console, "warn").mockReturnValue();
vi.spyOn(console, "error").mockReturnValue();

type Refresh = (demand: RefreshDemand) => Promise<RefreshOutcome>;
type Object = Env["ACCOUNT_BALANCE"];

const never = new Promise<never>(() => undefined);
const kvWith = (get: () => Promise<unknown>) => ({ get }) as unknown as KVNamespace;
const objectWith = (refresh: Refresh) =>
  ({
    getByName: () => ({
      refresh,
      peek: async () => ({ record: null, failure: null, attempted: false }),
      reportReader: async () => ({ record: null, failure: null, attempted: false }),
    }),
  }) as unknown as Object;
const failing = () => Promise.reject(new Error("boom"));

let state: IsolateState;
beforeEach(() => {
  state = new IsolateState();
});

async function read(
  account: string,
  bindings: Partial<Env>,
  { maxAge = null, ...variables }: { maxAge?: number | null; STALE_WAIT_MS?: number } = {},
): Promise<Found | Missing> {
  const context = createExecutionContext();
  const config = configWith(account, { ZOO_TIMEOUT_MS: 1, ...variables });
  const demand = { maxAge, maxStale: null, onlyIfCached: false };
  const request = { account, demand, requestId: "test" };
  const waitUntil = (work: Promise<unknown>) => {
    if (bindings.ACCOUNT_BALANCE !== stuckObject) context.waitUntil(work);
  };
  const result = await readBalance(request, {
    config,
    state,
    env: { ...env, ...bindings },
    waitUntil,
  });
  await waitOnExecutionContext(context);
  return result;
}

const stuckObject = objectWith(() => never);

async function store(account: string, value: unknown): Promise<void> {
  await env.BALANCE_KV.put(`balance:${account}`, JSON.stringify(value));
}

function outcome(record: RefreshOutcome["record"]): RefreshOutcome {
  return { record, failure: null, attempted: true };
}

describe("KV fails, the object serves", () => {
  test.each<[string, () => Promise<unknown>]>([
    ["rejects", failing],
    [
      "throws",
      () => {
        throw new TypeError("boom");
      },
    ],
    ["never answers", () => never],
    ["holds text", () => Promise.resolve("rubbish")],
    ["holds a number", () => Promise.resolve(5)],
    ["holds a list", () => Promise.resolve([])],
    ["holds nothing", () => Promise.resolve(null)],
    ["holds a foreign object", () => Promise.resolve({ v: 1 })],
    ["holds another account's record", async () => recordOf("other", Date.now(), "666.00")],
    [
      "holds another source's record",
      async () => ({ ...recordOf("kv-source", Date.now(), "666.00"), source: "elsewhere" }),
    ],
    ["holds a future record", async () => recordOf("kv-future", Date.now() + 60_000, "666.00")],
    ["holds another version", async () => ({ ...recordOf("kv-v2", Date.now(), "666.00"), v: 2 })],
    ["holds more than a record", async () => ({ ...recordOf("kv-x", Date.now(), "666.00"), x: 1 })],
  ])("%s", async (name, get) => {
    const account =
      { "source's": "kv-source", future: "kv-future", version: "kv-v2", more: "kv-x" }[
        name.split(" ").find((word) => ["source's", "future", "version", "more"].includes(word)) ??
          ""
      ] ?? `kv-${name.replaceAll(/\W/g, "-")}`;
    const result = await read(account, {
      BALANCE_KV: kvWith(get),
      ACCOUNT_BALANCE: objectWith(async () => outcome(recordOf(account, Date.now()))),
    });
    expect(result).toMatchObject({
      found: true,
      stale: false,
      staleReason: null,
      record: { account, balance: { monthly: { remaining: "1.00" } } },
      cache: { store: "object", forward: "miss" },
    });
  });

  test("holds what is not JSON", async () => {
    await env.BALANCE_KV.put("balance:kv-not-json", "<html>");
    const record = recordOf("kv-not-json", Date.now());
    const ACCOUNT_BALANCE = objectWith(async () => outcome(record));
    expect(await read("kv-not-json", { ACCOUNT_BALANCE })).toMatchObject({ found: true, record });
  });
});

const retryable = Object.assign(new Error("boom"), { retryable: true });
const overloaded = Object.assign(new Error("boom"), { retryable: true, overloaded: true });

describe.each<[string, Error, number]>([
  ["plain", new Error("boom"), 1],
  ["retryable", retryable, 2],
  ["overloaded", overloaded, 1],
])("the object fails with a %s error", (name, error, calls) => {
  test("a stale copy in KV is answered, with the reason", async () => {
    const account = `object-${name}-stale`;
    await store(account, recordOf(account, Date.now() - 600_000));
    let asked = 0;
    const ACCOUNT_BALANCE = objectWith(() => {
      asked += 1;
      return Promise.reject(error);
    });
    expect(await read(account, { ACCOUNT_BALANCE })).toMatchObject({
      found: true,
      stale: true,
      staleReason: "upstream_unavailable",
      cache: { store: "kv", forward: "stale" },
    });
    expect(asked).toBe(calls);
  });

  test("without a copy there is an error to tell", async () => {
    const ACCOUNT_BALANCE = objectWith(() => Promise.reject(error));
    expect(await read(`object-${name}-none`, { ACCOUNT_BALANCE })).toEqual({
      found: false,
      reason: "upstream_unavailable",
      retryAfter: 1,
    });
  });
});

test.each([
  ["was begun for it", undefined, 0, null],
  ["was under way, so it may know nothing of a purchase just made", true as const, 0, 10],
  ["was under way, for a caller who forces nothing", true as const, null, null],
])("a refresh that %s", async (_, joined, maxAge, retryAfter) => {
  const account = `joined-${joined}-${maxAge}`;
  await store(account, recordOf(account, Date.now() - 600_000));
  const record = recordOf(account, Date.now());
  const ACCOUNT_BALANCE = objectWith(async () => ({
    ...outcome(record),
    ...(joined && { joined }),
  }));
  expect(await read(account, { ACCOUNT_BALANCE }, { maxAge })).toMatchObject({
    record,
    stale: false,
    retryAfter,
  });
});

describe("the object", () => {
  test("that fails retryably once is asked again", async () => {
    const record = recordOf("object-second", Date.now());
    let asked = 0;
    const ACCOUNT_BALANCE = objectWith(async () => {
      asked += 1;
      if (asked === 1) throw retryable;
      return outcome(record);
    });
    expect(await read("object-second", { ACCOUNT_BALANCE })).toMatchObject({ found: true, record });
  });

  test("whose namespace throws", async () => {
    const getByName = () => {
      throw new Error("boom");
    };
    const ACCOUNT_BALANCE = { getByName } as unknown as Object;
    expect(await read("object-name", { ACCOUNT_BALANCE })).toMatchObject({ found: false });
  });

  test("that never answers: the stale copy, revalidating", async () => {
    await store("object-stuck", recordOf("object-stuck", Date.now() - 600_000));
    const bindings = { ACCOUNT_BALANCE: stuckObject };
    expect(await read("object-stuck", bindings, { STALE_WAIT_MS: 1 })).toMatchObject({
      found: true,
      staleReason: "revalidating",
    });
  });

  test("is not asked for a fresh copy, and fails behind a slightly stale one", async () => {
    const ACCOUNT_BALANCE = objectWith(failing);
    await store("fresh", recordOf("fresh", Date.now() - 1_000));
    expect(await read("fresh", { ACCOUNT_BALANCE })).toMatchObject({ found: true, stale: false });
    await store("behind", recordOf("behind", Date.now() - 90_000));
    expect(await read("behind", { ACCOUNT_BALANCE })).toMatchObject({
      staleReason: "revalidating",
      cache: { store: "kv", forward: null },
    });
  });

  test("asked by a pull to refresh: what it fails to renew is served, still fresh", async () => {
    await store("pull", recordOf("pull", Date.now() - 30_000));
    const ACCOUNT_BALANCE = objectWith(failing);
    expect(await read("pull", { ACCOUNT_BALANCE }, { maxAge: 0 })).toMatchObject({
      found: true,
      stale: false,
      staleReason: null,
      cache: { forward: "request" },
    });
  });
});

describe("while the object is still of a version that knows another source by the name", () => {
  const foreignOf = (account: string) => {
    const record = { ...recordOf(account, Date.now(), "666.00"), source: "elsewhere" };
    const answer = async () => outcome(record);
    const stub = { refresh: answer, peek: answer, reportReader: answer };
    return { getByName: () => stub } as unknown as Object;
  };

  test("its value is not answered, refreshed or looked at", async () => {
    const slow = { BALANCE_KV: kvWith(() => never), ACCOUNT_BALANCE: foreignOf("moved") };
    expect(await read("moved", slow)).toMatchObject({ found: false });
  });

  test("its value does not take the place of the account's own when a reader is reported", async () => {
    const record = recordOf("moving", Date.now() - 30_000);
    await store("moving", record);
    for (let time = 0; time < 2; time++) {
      const found = await read("moving", { ACCOUNT_BALANCE: foreignOf("moving") });
      expect(found).toMatchObject({ found: true, record });
    }
  });
});

test("both fail: an error, not an exception; and a value beyond STALE_SECONDS is none", async () => {
  const ACCOUNT_BALANCE = objectWith(failing);
  const bindings = { BALANCE_KV: kvWith(failing), ACCOUNT_BALANCE };
  expect(await read("both", bindings)).toMatchObject({ found: false });
  await store("ancient", recordOf("ancient", Date.now() - 86_500_000));
  expect(await read("ancient", { ACCOUNT_BALANCE })).toMatchObject({ found: false });
});

test("what was found is remembered when everything fails after", async () => {
  const record = recordOf("memory", Date.now());
  const working = objectWith(async () => outcome(record));
  await read("memory", { ACCOUNT_BALANCE: working });
  const broken = { BALANCE_KV: kvWith(failing), ACCOUNT_BALANCE: objectWith(failing) };
  expect(await read("memory", broken)).toMatchObject({ record, cache: { store: "memory" } });
});

describe("as time passes", () => {
  const failure = (retryInMs: number): RefreshOutcome["failure"] => ({
    reason: "upstream_rejected",
    at: Date.now(),
    retry_at: Date.now() + retryInMs,
    count: 3,
  });
  const broken = { BALANCE_KV: kvWith(failing), ACCOUNT_BALANCE: objectWith(failing) };

  test("an old value in memory is still better than none when everything else fails", async () => {
    const record = recordOf("last-resort", Date.now());
    await read("last-resort", { ACCOUNT_BALANCE: objectWith(async () => outcome(record)) });
    later(600_000);
    expect(await read("last-resort", broken)).toMatchObject({
      found: true,
      stale: true,
      staleReason: "upstream_unavailable",
      record,
    });
  });

  test("the reason stays as long as the backoff, whatever KV holds", async () => {
    const record = recordOf("reason", Date.now() - 70_000);
    await store("reason", record);
    const known = { record, failure: failure(60_000), attempted: true };
    const ACCOUNT_BALANCE = objectWith(async () => known);
    await read("reason", { ACCOUNT_BALANCE }, { maxAge: 0 });
    for (let step = 0; step < 4; step++) {
      later(9_000);
      expect(await read("reason", broken)).toMatchObject({ staleReason: "upstream_rejected" });
    }
    later(30_000);
    expect(await read("reason", { ACCOUNT_BALANCE }, { maxAge: 0 })).toMatchObject({ found: true });
  });

  test("a value from after the failure ends it", async () => {
    const old = { record: null, failure: failure(60_000), attempted: true };
    const first = await read("overcome", { ACCOUNT_BALANCE: objectWith(async () => old) });
    expect(first).toMatchObject({ found: false, reason: "upstream_rejected" });
    expect(await read("overcome", broken)).toMatchObject({ found: false });
    later(61_000);
    await store("overcome", recordOf("overcome", Date.now() - 1_000));
    expect(await read("overcome", {})).toMatchObject({ stale: false, staleReason: null });
  });

  test("what others learn while one waits for KV is not forgotten", async () => {
    const record = recordOf("meanwhile", Date.now() - 70_000);
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const slow = read("meanwhile", {
      BALANCE_KV: kvWith(() => promise),
      ACCOUNT_BALANCE: objectWith(failing),
    });
    const known = { record, failure: failure(60_000), attempted: true };
    const refused = { BALANCE_KV: kvWith(failing), ACCOUNT_BALANCE: objectWith(async () => known) };
    expect(await read("meanwhile", refused)).toMatchObject({ staleReason: "upstream_rejected" });
    resolve(record);
    expect(await slow).toMatchObject({ staleReason: "upstream_rejected" });
    expect(await read("meanwhile", broken)).toMatchObject({ staleReason: "upstream_rejected" });
  });

  test("nobody waits for KV while the object is known to have nothing", async () => {
    const none = { record: null, failure: failure(60_000), attempted: true };
    await read("nothing", { ACCOUNT_BALANCE: objectWith(async () => none) });
    const get = vi.fn(() => never);
    const kv = { BALANCE_KV: kvWith(get), ACCOUNT_BALANCE: objectWith(failing) };
    later(30_000);
    expect(await read("nothing", kv)).toMatchObject({ found: false, reason: "upstream_rejected" });
    expect(get).not.toHaveBeenCalled();
  });
});

test("what the object had without a call to Zoo is a hit", async () => {
  const record = recordOf("object-hit", Date.now());
  const answer = { record, failure: null, attempted: false };
  const ACCOUNT_BALANCE = objectWith(async () => answer);
  expect(await read("object-hit", { ACCOUNT_BALANCE })).toMatchObject({
    cache: { store: "object", forward: null },
  });
});

test("without a copy the object decides how long to wait; with one, it waits to the end", async () => {
  const demands: RefreshDemand[] = [];
  const ACCOUNT_BALANCE = objectWith(async (demand) => {
    demands.push(demand);
    return outcome(recordOf(demand.account, Date.now()));
  });
  await read("patience-none", { ACCOUNT_BALANCE });
  await store("patience-copy", recordOf("patience-copy", Date.now() - 600_000));
  await read("patience-copy", { ACCOUNT_BALANCE });
  expect(demands.map(({ wait }) => wait)).toEqual(["by_policy", "until_done"]);
});
