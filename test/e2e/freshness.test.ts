import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { expectProblem } from "./problems.ts";
import { accountVars, callerOf, type StartedWorker, startWorker, viewOf } from "./worker.ts";

const OLD = "37.3583"; // generation 2026-08
const NEW = "146.72"; // generation documented
const ACCOUNTS = ["fresh", "behind", "renewed", "held", "expired", "pulled", "young"];

let worker: StartedWorker;
beforeAll(async () => {
  worker = await startWorker((zoo) => ({
    ...accountVars(zoo, Object.fromEntries(ACCOUNTS.map((name) => [name, "user" as const]))),
    FRESH_SECONDS: 1,
    REVALIDATE_SECONDS: 2,
    STALE_SECONDS: 5,
    STALE_WAIT_MS: 200,
    MIN_REFRESH_SECONDS: 1,
  }));
});
afterAll(() => worker.close());
beforeEach(() => {
  worker.zoo.reset();
});

/** Primes an account with the old balance; `age` tells how old it is at least, in ms. */
async function prime(account: string) {
  const headers = await callerOf(worker.zoo, account);
  const view = await viewOf(await worker.balance(headers));
  const stored = Date.now();
  expect(view).toMatchObject({ account, available: OLD, stale: false, stale_reason: null });
  worker.zoo.reset();
  worker.zoo.setGeneration("documented");
  return {
    ask: (more: Record<string, string> = {}) => worker.balance({ ...headers, ...more }),
    untilOlderThan: (ms: number) =>
      expect.poll(() => Date.now() - stored, { timeout: 10_000, interval: 20 }).toBeGreaterThan(ms),
  };
}

describe("by the age of the stored value", () => {
  test("fresh: at once, without asking Zoo", async () => {
    const { ask } = await prime("fresh");
    expect(await viewOf(await ask())).toMatchObject({ available: OLD, stale: false });
    expect(worker.zoo.balanceRequests).toHaveLength(0);
  });

  test("just stale: at once, while one refresh runs behind it", async () => {
    const { ask, untilOlderThan } = await prime("behind");
    worker.zoo.setFault({ kind: "hold" });
    const arrived = worker.zoo.waitForBalanceRequest();
    await untilOlderThan(1_000);
    for (let caller = 0; caller < 10; caller++) {
      const view = await viewOf(await ask());
      expect(view).toMatchObject({ available: OLD, stale: true, stale_reason: "revalidating" });
    }
    await arrived;
    worker.zoo.release();
    await expect.poll(async () => (await viewOf(await ask())).available).toBe(NEW);
    expect(worker.zoo.balanceRequests).toHaveLength(1);
  });

  test("stale: waits for the refresh, then answers the new value", async () => {
    const { ask, untilOlderThan } = await prime("renewed");
    await untilOlderThan(3_000);
    const response = await ask();
    expect(await viewOf(response)).toMatchObject({
      available: NEW,
      stale: false,
      stale_reason: null,
    });
    expect(response.headers.get("cache-status")).toContain("fwd=stale");
    expect(worker.zoo.balanceRequests).toHaveLength(1);
  });

  test("stale, and the refresh takes longer than STALE_WAIT_MS: the old one", async () => {
    const { ask, untilOlderThan } = await prime("held");
    worker.zoo.setFault({ kind: "hold" });
    await untilOlderThan(3_000);
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask()));
    for (const answer of answers) {
      expect(await viewOf(answer)).toMatchObject({
        available: OLD,
        stale: true,
        stale_reason: "revalidating",
      });
    }
    worker.zoo.release();
    await expect.poll(async () => (await viewOf(await ask())).available).toBe(NEW);
    expect(worker.zoo.balanceRequests).toHaveLength(1);
  });

  test("older than STALE_SECONDS: the new value, or else the error", async () => {
    const { ask, untilOlderThan } = await prime("expired");
    worker.zoo.setFault({ kind: "status", status: 500 });
    await untilOlderThan(5_000);
    const refused = await ask();
    await expectProblem(refused, 503, "upstream_unavailable");
    const wait = Number(refused.headers.get("retry-after"));
    expect(wait).toBeGreaterThanOrEqual(1);
    worker.zoo.setFault(null);
    const answered = () => ask().then(({ status }) => status);
    await expect.poll(answered, { timeout: 5_000, interval: 100 }).toBe(200);
    expect(await viewOf(await ask())).toMatchObject({ available: NEW, stale: false });
    expect(worker.zoo.balanceRequests).toHaveLength(2);
  });
});

describe("pull to refresh", () => {
  test("no-cache: what there is within MIN_REFRESH_SECONDS, then a new one", async () => {
    const { ask, untilOlderThan } = await prime("pulled");
    const pull = { "cache-control": "no-cache" };
    expect(await viewOf(await ask(pull))).toMatchObject({ available: OLD, stale: false });
    expect(worker.zoo.balanceRequests).toHaveLength(0);
    await untilOlderThan(1_000);
    const response = await ask(pull);
    expect(await viewOf(response)).toMatchObject({ available: NEW, stale: false });
    expect(response.headers.get("cache-status")).toContain("fwd=request");
    expect(worker.zoo.balanceRequests).toHaveLength(1);
  });

  test("max-age=N: the stored value while it is no older than N seconds", async () => {
    const { ask, untilOlderThan } = await prime("young");
    expect((await viewOf(await ask({ "cache-control": "max-age=1" }))).available).toBe(OLD);
    await untilOlderThan(1_000);
    expect((await viewOf(await ask({ "cache-control": "max-age=60" }))).available).toBe(OLD);
    const view = await viewOf(await ask({ "cache-control": 'private, max-age="0"' }));
    expect(view).toMatchObject({ available: NEW, stale: false });
  });
});
