/** The freshness table from outside, under a clock that stands still but for what the test moves it. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Chaos, startChaos } from "./chaos.ts";
import { expectProblem } from "./problems.ts";
import { viewOf } from "./view.ts";

const OLD = "37.3583"; // generation 2026-08
const NEW = "146.72"; // generation documented
const ACCOUNTS = [
  ...["fresh", "behind", "renewed", "held", "expired", "pulled", "young", "painted", "stored"],
  ...["unstored", "browser", "limited", "in-vain", "hurried"],
];

let chaos: Chaos;
beforeAll(async () => {
  chaos = await startChaos({
    accounts: Object.fromEntries(ACCOUNTS.map((name) => [name, "ZOO_API_TOKEN"])),
    vars: {
      FRESH_SECONDS: "60",
      REVALIDATE_SECONDS: "60",
      STALE_SECONDS: "3600",
      STALE_WAIT_MS: "5000",
      MIN_REFRESH_SECONDS: "10",
    },
  });
  await chaos.freeze();
});
afterAll(() => chaos[Symbol.asyncDispose]());
beforeEach(() => {
  chaos.zoo.reset();
});

/** Primes an account with the old balance; Zoo has a new one from then on. */
async function prime(account: string) {
  const view = await viewOf(await chaos.balance(account));
  expect(view).toMatchObject({ account, available: OLD, stale: false, stale_reason: null });
  chaos.zoo.reset();
  chaos.zoo.setGeneration("documented");
  return (cacheControl?: string, more: Record<string, string> = {}) =>
    chaos.balance(account, {
      ...(cacheControl === undefined ? {} : { "cache-control": cacheControl }),
      ...more,
    });
}

const calls = () => chaos.zoo.balanceRequests.length;
const untilNew = (ask: () => Promise<Response>) =>
  expect.poll(async () => (await viewOf(await ask())).available).toBe(NEW);

describe("by the age of the stored value", () => {
  test("a fresh value is answered at once, without asking Zoo", async () => {
    const ask = await prime("fresh");
    await chaos.move(60_000);
    expect(await viewOf(await ask())).toMatchObject({ available: OLD, stale: false });
    expect(calls()).toBe(0);
  });

  test("a value just stale is answered at once, while one refresh runs behind it", async () => {
    const ask = await prime("behind");
    chaos.zoo.setFault({ kind: "hold" });
    const arrived = chaos.zoo.waitForBalanceRequest();
    await chaos.move(61_000);
    for (let caller = 0; caller < 10; caller++) {
      const view = await viewOf(await ask());
      expect(view).toMatchObject({ available: OLD, stale: true, stale_reason: "revalidating" });
    }
    await arrived;
    chaos.zoo.setFault(null);
    chaos.zoo.release();
    await untilNew(ask);
    expect(calls()).toBe(1);
  });

  test("a stale value waits for the refresh, and the new value is answered", async () => {
    const ask = await prime("renewed");
    await chaos.move(121_000);
    const response = await ask();
    expect(await viewOf(response)).toMatchObject({ available: NEW, stale_reason: null });
    expect(response.headers.get("cache-status")).toContain("fwd=stale");
    expect(calls()).toBe(1);
  });

  test("a stale value is answered when the refresh takes longer than STALE_WAIT_MS", async () => {
    const ask = await prime("held");
    chaos.zoo.setFault({ kind: "hold" });
    await chaos.move(121_000);
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask()));
    for (const answer of answers) {
      expect(await viewOf(answer)).toMatchObject({
        available: OLD,
        stale: true,
        stale_reason: "revalidating",
      });
    }
    chaos.zoo.setFault(null);
    chaos.zoo.release();
    await untilNew(ask);
    expect(calls()).toBe(1);
  });

  test("a value older than STALE_SECONDS is not answered: the new value, or the error", async () => {
    const ask = await prime("expired");
    chaos.zoo.setFault({ kind: "status", status: 500 });
    await chaos.move(3_601_000);
    const refused = await ask();
    await expectProblem(refused, 503, "upstream_unavailable");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    chaos.zoo.setFault(null);
    await chaos.move(1_250);
    expect(await viewOf(await ask())).toMatchObject({ available: NEW, stale: false });
    expect(calls()).toBe(2);
  });
});

describe("a forced refresh", () => {
  test("no-cache gets what is stored within MIN_REFRESH_SECONDS, with Retry-After, then a new value", async () => {
    const ask = await prime("pulled");
    await chaos.move(4_000);
    const early = await ask("no-cache");
    expect(await viewOf(early)).toMatchObject({ available: OLD, stale: false });
    expect(early.headers.get("retry-after")).toBe("6");
    expect(calls()).toBe(0);
    await chaos.move(6_000);
    const response = await ask("no-cache");
    expect(await viewOf(response)).toMatchObject({ available: NEW, stale: false });
    expect(response.headers.get("cache-status")).toContain("fwd=request");
    expect(response.headers.get("retry-after")).toBeNull();
    expect(calls()).toBe(1);
  });

  test("200 of them within MIN_REFRESH_SECONDS are answered by the isolate: no call of the object", async () => {
    const ask = await prime("hurried");
    await chaos.move(1_000);
    const answers = await Promise.all(Array.from({ length: 200 }, () => ask("no-cache")));
    for (const { headers } of answers) {
      expect(headers.get("cache-status")).toMatch(/^zoo-balance; hit; .*detail=memory$/);
      expect(headers.get("retry-after")).toBe("9");
    }
    expect(calls()).toBe(0);
  });

  test("after one that failed, the answer says when the next one may be, not when Zoo may be asked at all", async () => {
    const ask = await prime("in-vain");
    chaos.zoo.setFault({ kind: "status", status: 500 });
    await chaos.move(10_000);
    expect((await ask("no-cache")).headers.get("retry-after")).toBe("10");
    await chaos.move(3_000);
    const early = await ask("no-cache");
    expect(await viewOf(early)).toMatchObject({ available: OLD, stale: false });
    expect(early.headers.get("retry-after")).toBe("7");
    expect(calls()).toBe(1);
    chaos.zoo.setFault(null);
    await chaos.move(7_000);
    expect(await viewOf(await ask("no-cache"))).toMatchObject({ available: NEW });
  });

  test("while Zoo backs off, the stored value comes with the time until the next attempt", async () => {
    const ask = await prime("limited");
    const limited = { kind: "status", status: 429, headers: { "retry-after": "30" } } as const;
    chaos.zoo.setFault(limited);
    await chaos.move(10_000);
    const failed = await ask("no-cache");
    expect(await viewOf(failed)).toMatchObject({ available: OLD, stale: false });
    expect(failed.headers.get("retry-after")).toBe("30");
    await chaos.move(5_000);
    expect((await ask("no-cache")).headers.get("retry-after")).toBe("25");
    expect((await ask()).headers.get("retry-after")).toBeNull();
    expect(calls()).toBe(1);
  });

  test("max-age=N gets the stored value while it is no older than N seconds", async () => {
    const ask = await prime("young");
    expect((await viewOf(await ask("max-age=20"))).available).toBe(OLD);
    await chaos.move(20_000);
    expect((await viewOf(await ask("max-age=20"))).available).toBe(OLD);
    await chaos.move(1_000);
    expect((await viewOf(await ask("max-age=60"))).available).toBe(OLD);
    const view = await viewOf(await ask('private, max-age="20"'));
    expect(view).toMatchObject({ available: NEW, stale: false });
  });

  test("max-age=0 beside If-None-Match is a browser's plain conditional request", async () => {
    const ask = await prime("browser");
    const etag = (await ask()).headers.get("etag") ?? "";
    await chaos.move(30_000);
    const conditional = await ask("max-age=0", { "if-none-match": etag });
    expect(conditional.status).toBe(304);
    expect(calls()).toBe(0);
    expect((await viewOf(await ask("max-age=0"))).available).toBe(NEW);
  });
});

describe("a request that prefers what is stored", () => {
  test("max-stale gets a stale value at once, with a refresh behind it", async () => {
    const ask = await prime("painted");
    chaos.zoo.setFault({ kind: "hold" });
    const arrived = chaos.zoo.waitForBalanceRequest();
    await chaos.move(3_000_000);
    expect(await viewOf(await ask("max-stale"))).toMatchObject({
      available: OLD,
      stale: true,
      stale_reason: "revalidating",
    });
    expect(await viewOf(await ask("max-stale=2940"))).toMatchObject({ available: OLD });
    await arrived;
    chaos.zoo.setFault(null);
    chaos.zoo.release();
    await untilNew(() => ask("max-stale"));
    expect(calls()).toBe(1);
  });

  test("only-if-cached gets the stored value at once, and causes no refresh", async () => {
    const ask = await prime("stored");
    await chaos.move(3_000_000);
    expect(await viewOf(await ask("only-if-cached"))).toMatchObject({
      available: OLD,
      stale: true,
    });
    expect(calls()).toBe(0);
  });

  test("only-if-cached with nothing stored gets 504, and causes no refresh", async () => {
    const headers = { "cache-control": "only-if-cached" };
    await expectProblem(await chaos.balance("unstored", headers), 504, "not_cached");
    expect(calls()).toBe(0);
  });
});
