import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { RefreshDemand } from "../../src/balance/refresh.ts";
import { balanceBody, PAYMENT_SECRET } from "../zoo/bodies.ts";
import { demandOf, env, recordOf, SOURCE } from "./support.ts";

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

const demand = (change: Partial<RefreshDemand> = {}) => demandOf({ wait: "by_policy", ...change });

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
    // Who began it, and who came to a call that was under way.
    expect(outcomes.map(({ joined }) => joined)).toEqual([undefined, ...Array(49).fill(true)]);
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
    const served = { ...first, attempted: false };
    expect(await stub.refresh(demand({ maxAge: 0 }))).toEqual(served);
    expect(fetched).toHaveBeenCalledOnce();
    await evictDurableObject(stub);
    expect(await stub.refresh(demand({ maxAge: 0 }))).toEqual(served);
    expect(fetched).toHaveBeenCalledOnce();
  });

  test("after it, it does", async () => {
    const stub = objectOf("forced-later");
    const then = Date.now() - 11_000;
    const record = recordOf("default", then);
    await seed(stub, { v: 1, source: SOURCE, record, failure: null, attempted_at: then });
    const outcome = await stub.refresh(demand({ maxAge: 0 }));
    expect(fetched).toHaveBeenCalledOnce();
    expect(outcome.record?.fetched_at).toBeGreaterThan(then);
  });
});

test("a value that is stale is due whether or not a caller insists: only backoff holds it up", async () => {
  const stub = objectOf("stale-forced");
  const now = Date.now();
  const record = recordOf("default", now - 300_000);
  const failure = { reason: "upstream_unavailable", at: now - 1_500, retry_at: now - 1, count: 1 };
  const state = { v: 1, source: SOURCE, record, failure, attempted_at: now - 1_500 };
  await seed(stub, state);
  const outcome = await stub.refresh(demand({ maxAge: 0, wait: "until_done" }));
  expect(fetched).toHaveBeenCalledOnce();
  expect(outcome.failure).toBeNull();
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
    const now = Date.now();
    const before = { reason, at: now - 1, retry_at: now - 1, count: 9 };
    await seed(stub, { v: 1, source: SOURCE, record: null, failure: before, attempted_at: 0 });
    fail(status);
    const first = await stub.refresh(demand());
    expect(first).toMatchObject({ record: null, failure: { reason, count: 10 } });
    await stub.refresh(demand({ maxAge: 0 }));
    await evictDurableObject(stub);
    expect(await stub.refresh(demand())).toEqual({ ...first, attempted: false });
    expect(fetched).toHaveBeenCalledOnce();
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
    expect(await stub.refresh(demand({ wait: "until_done" }))).toMatchObject({
      record,
      failure: { count: 1 },
    });
  });

  test("Retry-After is respected, but not from a refusal: the next token is another one", async () => {
    for (const [status, wait] of [
      [503, 3_600_000],
      [401, 1_250],
    ] as const) {
      const stub = objectOf(`asked-${status}`);
      fail(status, { "retry-after": "3600" });
      const { failure } = await stub.refresh(demand());
      const { at = 0, retry_at = 0 } = failure ?? {};
      expect(retry_at - at).toBeLessThanOrEqual(wait);
      expect(retry_at - at).toBeGreaterThanOrEqual(status === 503 ? wait : 1_000);
    }
  });
});

test.each([
  [401, "upstream_rejected", 401],
  [429, "upstream_unavailable", 429],
  [200, "upstream_unavailable", "network"],
])("a %i whose body breaks off: %s, and what its head said", async (status, reason, logged) => {
  const error = vi.spyOn(console, "error");
  error.mockClear();
  const headers = { "retry-after": "120", "x-api-call-id": "call-7" };
  fetched.mockImplementation(async () => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) });
    return new Response(body, { status, headers });
  });
  const { failure } = await objectOf(`broken-${status}`).refresh(demand());
  const { at = 0, retry_at = 0 } = failure ?? {};
  expect(failure?.reason).toBe(reason);
  expect(retry_at - at > 100_000).toBe(status !== 401);
  expect(JSON.parse(String(error.mock.calls[0]?.[0]))).toMatchObject({
    event: "refresh_failed",
    upstream_status: logged,
    zoo_request_id: "call-7",
  });
});

describe("how long a demand waits", () => {
  /** Zoo answers when told to; the object has a value of this age. */
  async function held(name: string, ageMs: number) {
    let arrived = false;
    // A promise of this test's context would mean nothing in the object's.
    fetched.mockImplementation(async () => {
      while (!arrived) await scheduler.wait(1);
      return good();
    });
    const stub = objectOf(`wait-${name}`);
    const record = recordOf("default", Date.now() - ageMs);
    await seed(stub, { v: 1, source: SOURCE, record, failure: null, attempted_at: 0 });
    const arrive = () => {
      arrived = true;
    };
    return { stub, record, arrive };
  }

  test("not at all for a value that is just stale", async () => {
    const { stub, record, arrive } = await held("just-stale", 90_000);
    expect(await stub.refresh(demand())).toEqual({ record, failure: null, attempted: true });
    const patient = stub.refresh(demand({ wait: "until_done" }));
    arrive();
    expect((await patient).record?.fetched_at).toBeGreaterThan(record.fetched_at);
    expect(fetched).toHaveBeenCalledOnce();
  });

  test("STALE_WAIT_MS for a stale one, to the end for one that is too old", async () => {
    const stale = await held("stale", 600_000);
    expect(await stale.stub.refresh(demand())).toMatchObject({
      record: stale.record,
      attempted: true,
    });
    stale.arrive();
    const ancient = await held("ancient", 86_500_000);
    const waiting = ancient.stub.refresh(demand());
    ancient.arrive();
    expect((await waiting).record?.fetched_at).toBeGreaterThan(ancient.record.fetched_at);
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
    expect(await stub.refresh(demand())).toEqual({ record, failure: null, attempted: false });
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
  await expect.poll(() => env.BALANCE_KV.get("balance:default")).not.toBeNull();
  const copy = await env.BALANCE_KV.get("balance:default");
  expect(JSON.parse(copy ?? "")).toEqual(record);
  expect(state).toMatchObject({ v: 1, source: SOURCE, record, failure: null });
  expect(`${copy}${JSON.stringify(state)}`).not.toContain(PAYMENT_SECRET);
});

test("an account that is not configured is refused without a call", async () => {
  const stub = objectOf("unknown");
  await runInDurableObject(stub, async (object) => {
    await expect(object.refresh(demand({ account: "nobody" }))).rejects.toThrow("unknown account");
  });
  expect(fetched).not.toHaveBeenCalled();
});

test("each call to Zoo is a metric point: how it ended, and Zoo's status", async () => {
  const points = async (name: string) => {
    const writeDataPoint = vi.fn();
    await runInDurableObject(objectOf(name), async (object) => {
      Reflect.set(object, "env", { ...env, METRICS: { writeDataPoint } });
      await object.refresh(demand());
    });
    return writeDataPoint.mock.calls.map(([point]) => point);
  };
  const of = (status: number, code: string) => [
    {
      indexes: ["default"],
      blobs: ["refresh", code, "", "default", "", "", expect.any(String), ""],
      doubles: [status, expect.any(Number), -1, 1],
    },
  ];
  expect(await points("metric-good")).toEqual(of(200, ""));
  fail(503);
  expect(await points("metric-503")).toEqual(of(503, "upstream_unavailable"));
  fetched.mockImplementation(async () => {
    throw new TypeError("boom");
  });
  expect(await points("metric-network")).toEqual(of(0, "upstream_unavailable"));
});
