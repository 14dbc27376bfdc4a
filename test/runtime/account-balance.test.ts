import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { RefreshDemand } from "../../src/balance/account-balance.ts";
import { PAYMENT_SECRET, balanceBody } from "../zoo/bodies.ts";
import { SOURCE, env, recordOf } from "./support.ts";

const good = () => Promise.resolve(Response.json(balanceBody("2026-08")));
vi.spyOn(console, "info").mockReturnValue();
vi.spyOn(console, "warn").mockReturnValue();
vi.spyOn(console, "error").mockReturnValue();
const fetched = vi.spyOn(globalThis, "fetch");

beforeEach(() => {
  fetched.mockReset().mockImplementation(good);
});
afterEach(() => env.BALANCE_KV.delete("balance:default"));

// The account is always the configured one; the object is each test's own.
const objectOf = (name: string) => env.ACCOUNT_BALANCE.getByName(`test-${name}`);
type Stub = ReturnType<typeof objectOf>;

function demand(change: Partial<RefreshDemand> = {}): RefreshDemand {
  const notBefore = Date.now() - 60_000;
  return { account: "default", notBefore, forced: false, requestId: "test", ...change };
}

/** Stores the state and lets the object start anew with it. */
async function seed(stub: Stub, state: unknown): Promise<void> {
  await runInDurableObject(stub, (_, { storage }) => storage.kv.put("state", state));
  await evictDurableObject(stub);
}

function fail(status: number, headers: Record<string, string> = {}): void {
  fetched.mockImplementation(async () => new Response("{}", { status, headers }));
}

describe("one refresh at a time", () => {
  test("50 concurrent demands inside the object share one call", async () => {
    const outcomes = await runInDurableObject(objectOf("inside"), (object) =>
      Promise.all(Array.from({ length: 50 }, () => object.refresh(demand()))),
    );
    expect(fetched).toHaveBeenCalledOnce();
    expect(new Set(outcomes.map((o) => o.record?.fetched_at)).size).toBe(1);
    expect(outcomes[0]?.record?.balance.available).toBe("37.3583");
  });

  test("and so do 50 from outside, and their failure", async () => {
    const stub = objectOf("outside");
    fail(500);
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => stub.refresh(demand())));
    expect(fetched).toHaveBeenCalledOnce();
    expect(outcomes.every((o) => o.failure?.count === 1 && o.record === null)).toBe(true);
  });
});

test("Zoo is asked with the token, a user agent and total_due, and no redirect is followed", async () => {
  await objectOf("request").refresh(demand());
  const [url, init] = fetched.mock.calls[0] ?? [];
  const headers = new Headers(init?.headers);
  expect(url).toBe("https://api.zoo.dev/user/payment/balance?include_total_due=true");
  expect(headers.get("authorization")).toMatch(/^Bearer zoo_canary_token/);
  expect(headers.get("accept")).toBe("application/json");
  expect(headers.get("user-agent")).toBeTruthy();
  expect(init?.redirect).toBe("manual");
});

describe("the minimum interval", () => {
  test("a forced refresh within it makes no call", async () => {
    const stub = objectOf("forced");
    const first = await stub.refresh(demand());
    const forced = { notBefore: Date.now() + 60_000, forced: true };
    expect(await stub.refresh(demand(forced))).toEqual(first);
    expect(fetched).toHaveBeenCalledOnce();
    await evictDurableObject(stub);
    expect(await stub.refresh(demand(forced))).toEqual(first);
    expect(fetched).toHaveBeenCalledOnce();
  });

  test("after it, it does", async () => {
    const stub = objectOf("forced-later");
    const then = Date.now() - 11_000;
    const record = recordOf("default", then);
    await seed(stub, { v: 1, source: SOURCE, record, failure: null, attempted_at: then });
    const outcome = await stub.refresh(demand({ notBefore: Date.now(), forced: true }));
    expect(fetched).toHaveBeenCalledOnce();
    expect(outcome.record?.fetched_at).toBeGreaterThan(then);
  });
});

describe("backoff", () => {
  test.each([
    [401, "upstream_rejected"],
    [403, "upstream_rejected"],
    [302, "upstream_unavailable"],
    [404, "upstream_unavailable"],
    [429, "upstream_unavailable"],
    [500, "upstream_unavailable"],
    [200, "upstream_invalid"],
  ])("after a %i (%s) there is no call at once, also after an eviction", async (status, reason) => {
    const stub = objectOf(`backoff-${status}`);
    // An hour, so that no slow machine outlives it.
    fail(status, { "retry-after": "3600" });
    const first = await stub.refresh(demand());
    expect(first).toMatchObject({ record: null, failure: { reason, count: 1 } });
    await stub.refresh(demand({ forced: true }));
    await evictDurableObject(stub);
    expect(await stub.refresh(demand())).toEqual(first);
    expect(fetched).toHaveBeenCalledOnce();
    const { at = 0, retry_at = 0 } = first.failure ?? {};
    expect(retry_at - at).toBe(3_600_000);
  });

  test("when it is over: a call; a success ends it, another failure counts on", async () => {
    const past = Date.now() - 5_000;
    const failure = { reason: "upstream_invalid", at: past - 60_000, retry_at: past, count: 4 };
    const state = { v: 1, source: SOURCE, record: null, failure, attempted_at: past - 60_000 };
    const ended = objectOf("backoff-ended");
    await seed(ended, state);
    expect((await ended.refresh(demand())).failure).toBeNull();
    const goesOn = objectOf("backoff-goes-on");
    await seed(goesOn, state);
    fetched.mockRejectedValue(new TypeError("network"));
    const { failure: next } = await goesOn.refresh(demand());
    expect(next).toMatchObject({ reason: "upstream_unavailable", count: 5 });
  });

  test("a failure keeps the last good value", async () => {
    const stub = objectOf("keeps");
    const record = recordOf("default", Date.now() - 120_000);
    await seed(stub, {
      v: 1,
      source: SOURCE,
      record,
      failure: null,
      attempted_at: record.fetched_at,
    });
    fail(503);
    expect(await stub.refresh(demand())).toMatchObject({ record, failure: { count: 1 } });
  });
});

describe("stored state", () => {
  const now = Date.now();
  const record = recordOf("default", now, "666.00");
  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["text", "rubbish"],
    ["another version", { v: 0, source: SOURCE, record, failure: null, attempted_at: now }],
    ["more than a state", { v: 1, source: SOURCE, record, failure: null, attempted_at: now, x: 1 }],
    [
      "an older record",
      { v: 1, source: SOURCE, record: { ...record, v: 0 }, failure: null, attempted_at: now },
    ],
    [
      "another account's record",
      {
        v: 1,
        source: SOURCE,
        record: { ...record, account: "other" },
        failure: null,
        attempted_at: 0,
      },
    ],
    ["another source's state", { v: 1, source: "x", record, failure: null, attempted_at: now }],
    [
      "another source's record",
      { v: 1, source: SOURCE, record: { ...record, source: "x" }, failure: null, attempted_at: 0 },
    ],
    [
      "a future record",
      {
        v: 1,
        source: SOURCE,
        record: { ...record, fetched_at: now + 9_999_999 },
        failure: null,
        attempted_at: 0,
      },
    ],
  ])("%s is ignored", async (name, state) => {
    const stub = objectOf(`stored-${name}`);
    await seed(stub, state);
    const outcome = await stub.refresh(demand());
    expect(fetched).toHaveBeenCalledOnce();
    expect(outcome.record?.balance.available).toBe("37.3583");
  });

  test("a good one is used, without a call", async () => {
    const stub = objectOf("stored-good");
    await seed(stub, { v: 1, source: SOURCE, record, failure: null, attempted_at: now });
    expect(await stub.refresh(demand())).toEqual({ record, failure: null });
    expect(fetched).not.toHaveBeenCalled();
  });
});

test("an account that has moved to another source waits for no backoff of the old one", async () => {
  const stub = objectOf("moved");
  const now = Date.now();
  const failure = { reason: "upstream_rejected", at: now, retry_at: now + 60_000, count: 9 };
  await seed(stub, { v: 1, source: "elsewhere", record: null, failure, attempted_at: now });
  expect(await stub.refresh(demand())).toMatchObject({ failure: null });
  expect(fetched).toHaveBeenCalledOnce();
});

test("a refresh writes the copy in KV and the state, both without the payment secret", async () => {
  const stub = objectOf("copy");
  const { record } = await stub.refresh(demand());
  const state = await runInDurableObject(stub, (_, { storage }) => storage.kv.get("state"));
  const copy = await vi.waitUntil(() => env.BALANCE_KV.get("balance:default"));
  expect(JSON.parse(copy)).toEqual(record);
  expect(state).toMatchObject({ v: 1, source: SOURCE, record, failure: null });
  expect(copy + JSON.stringify(state)).not.toContain(PAYMENT_SECRET);
});

test("an account that is not configured is refused without a call", async () => {
  const stub = objectOf("unknown");
  await runInDurableObject(stub, async (object) => {
    await expect(object.refresh(demand({ account: "nobody" }))).rejects.toThrow("unknown account");
  });
  expect(fetched).not.toHaveBeenCalled();
});
