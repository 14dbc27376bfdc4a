/** Private caches of clients, by the real libraries: a value is reused through the whole of its freshness, and no longer. */
import CachePolicy from "http-cache-semantics";
import { Agent, cacheStores, type Dispatcher, interceptors, request } from "undici";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { readZooBody } from "../../src/zoo/body.ts";
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

test("undici's private cache asks once for a value in its second half, and then not again", async () => {
  // By the machine's clock, which undici compares Date with.
  await using now = await startChaos({ accounts: {} });
  const source = `${now.zooUrl} user ZOO_API_TOKEN`;
  const read = readZooBody(JSON.stringify(balanceBody("2026-08")));
  if (!read.ok) throw new Error("the stand-in's body is unreadable");
  const fetched_at = Date.now() - 40_000;
  const record = { v: 1, account: "default", source, fetched_at, balance: read.balance };
  await now.seed("default", { v: 1, source, record, failure: null, attempted_at: 0 });
  const token = await now.zoo.signToken({ account: "default" });
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
