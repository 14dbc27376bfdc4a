/** Private caches of clients, by the real libraries: a value is reused through the whole of its freshness, and no longer. */
import CachePolicy from "http-cache-semantics";
import { Agent, cacheStores, type Dispatcher, interceptors, request } from "undici";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { readZooBody } from "../../src/zoo/body.ts";
import { isSkipped, launchChromium, noChromium } from "../chromium.ts";
import { balanceBody } from "../zoo/bodies.ts";
import { type Chaos, startChaos } from "./chaos.ts";

const FRESH_SECONDS = 60;

let chaos: Chaos;
beforeAll(async () => {
  chaos = await startChaos({
    accounts: { semantics: "ZOO_API_TOKEN" },
    vars: { FRESH_SECONDS: `${FRESH_SECONDS}` },
  });
  await chaos.freeze();
});
afterAll(() => chaos[Symbol.asyncDispose]());
beforeEach(() => chaos.zoo.reset());

test.each([0, 20, 40, 59])(
  "http-cache-semantics reuses a value of %i s for the rest of its freshness",
  async (age) => {
    await chaos.balance("semantics", { "cache-control": "no-cache" });
    await chaos.move(age * 1_000);
    const response = await chaos.balance("semantics");
    const policy = new CachePolicy(
      { url: "/v1/balance", method: "GET", headers: { authorization: "Bearer x" } },
      { status: 200, headers: Object.fromEntries(response.headers) },
      // By the machine's clock, which the moved one is ahead of: Age alone decides.
      { shared: false, ignoreCargoCult: true },
    );
    expect(policy.storable()).toBe(true);
    expect(policy.maxAge()).toBe(FRESH_SECONDS);
    expect(response.headers.get("age")).toBe(`${age}`);
    const left = policy.timeToLive() / 1_000;
    expect(left).toBeLessThanOrEqual(FRESH_SECONDS - age);
    // The library counts its own milliseconds since.
    expect(left).toBeGreaterThan(FRESH_SECONDS - age - 10);
    await chaos.move(60_000);
  },
);

/** By the machine's clock, which caches compare Date with. @param ageMs milliseconds since the value was fetched */
async function startWithValueOf(ageMs: number): Promise<{ now: Chaos; token: string }> {
  const now = await startChaos({ accounts: {} });
  const source = `${now.zooUrl} user ZOO_API_TOKEN`;
  const read = readZooBody(JSON.stringify(balanceBody("2026-08")));
  if (!read.ok) throw new Error("the stand-in's body is unreadable");
  const fetched_at = Date.now() - ageMs;
  const record = { v: 1, account: "default", source, fetched_at, balance: read.balance };
  await now.seed("default", { v: 1, source, record, failure: null, attempted_at: 0 });
  return { now, token: await now.zoo.signToken({ account: "default" }) };
}

test("undici's private cache asks once for a value in its second half, and then not again", async () => {
  const { now, token } = await startWithValueOf(40_000);
  await using _ = now;
  // undici stores nothing for a request that shows its credential, not even in a private cache: the cache of
  // one user stands before the interceptor that adds it.
  const withCredential: Dispatcher.DispatcherComposeInterceptor =
    (dispatch) => (options, handler) =>
      dispatch({ ...options, headers: { authorization: `Bearer ${token}` } }, handler);
  const dispatcher = new Agent().compose(
    withCredential,
    interceptors.cache({ store: new cacheStores.MemoryCacheStore(), type: "private" }),
  );
  const ask = async () => {
    const response = await request(`${now.url}/v1/balance`, { dispatcher });
    const body = (await response.body.json()) as { as_of: string; stale: boolean };
    return { body, id: response.headers["x-request-id"] };
  };
  const first = await ask();
  const second = await ask();
  expect(first.body.stale).toBe(false);
  expect(second.body).toEqual(first.body);
  // The same answer, from the cache: it has the id of the first request.
  expect(second.id).toBe(first.id);
  expect(now.zoo.balanceRequests).toEqual([]);
  await dispatcher.close();
});

test.skipIf(isSkipped("The tests of Chromium's own cache", noChromium))(
  "Chromium asks once for a value in its second half, and once more, with its ETag, when it is no longer fresh",
  async () => {
    await using browser = await launchChromium();
    /** By a page of the Worker's origin. @returns the answers' ids, and for each request sent whether it was conditional */
    const askTwice = async ({ now, token }: { now: Chaos; token: string }) => {
      const context = await browser.newContext({ bypassCSP: true });
      const page = await context.newPage();
      await page.goto(`${now.url}/health`);
      const asked = new Set<string>();
      const sent = new Map<string, boolean>();
      const session = await context.newCDPSession(page);
      await session.send("Network.enable");
      session.on("Network.requestWillBeSent", ({ requestId, request }) => {
        if (request.url.endsWith("/v1/balance")) asked.add(requestId);
      });
      // Told before or after it, and only of what goes over the network.
      session.on("Network.requestWillBeSentExtraInfo", ({ requestId, headers }) => {
        sent.set(requestId, "If-None-Match" in headers);
      });
      const ids = await page.evaluate(async (authorization) => {
        const seen: (string | null)[] = [];
        for (let n = 0; n < 2; n++) {
          const response = await fetch("/v1/balance", { headers: { authorization } });
          await response.json();
          seen.push(response.headers.get("x-request-id"));
        }
        return seen;
      }, `Bearer ${token}`);
      await context.close();
      return { ids, conditional: [...asked].flatMap((id) => sent.get(id) ?? []) };
    };
    const fresh = await startWithValueOf(40_000);
    await using _ = fresh.now;
    const reused = await askTwice(fresh);
    expect(reused.ids[0]).toMatch(/./);
    expect(reused.ids[1]).toBe(reused.ids[0]);
    expect(reused.conditional).toEqual([false]);

    const old = await startWithValueOf(90_000);
    await using __ = old.now;
    // Who comes now gets it at once, and sets off its refresh; a Zoo that is slow leaves it as it is.
    old.now.zoo.setFault({ kind: "hang" });
    const asked = await askTwice(old);
    expect(asked.ids[1]).not.toBe(asked.ids[0]);
    expect(asked.conditional).toEqual([false, true]);
  },
);
