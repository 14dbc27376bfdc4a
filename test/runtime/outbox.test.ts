/** Deliveries by the object's alarm, with the clock moved from one to the next. */
import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { AccountBalance } from "../../src/account/account-object.ts";
import { balanceBody } from "../zoo/bodies.ts";
import { env } from "./support.ts";

const DAY_MS = 86_400_000;
/** In the future of the real clock, by which alarms go off: here they are called when their time has come. */
const START = Math.ceil(Date.now() / DAY_MS + 1) * DAY_MS;
const ALERTS = { url: "https://hooks.example/", secret: "HOOK", thresholds: ["50.00", "40.00"] };
const variables = { ALERTS, HOOK: btoa("x".repeat(32)) };
const demand = {
  account: "default",
  maxAge: null,
  wait: "until_done",
  by: "cron",
  requestId: "t",
} as const;

const logs: { event: string; reason?: string; upstream_status?: unknown; failures?: number }[] = [];
for (const level of ["info", "warn", "error"] as const) {
  vi.spyOn(console, level).mockImplementation((line) => {
    logs.push(JSON.parse(String(line)));
  });
}
const fetched = vi.spyOn(globalThis, "fetch");
let receive: (init: RequestInit | undefined) => Promise<Response>;
beforeEach(() => {
  logs.length = 0;
  fetched.mockImplementation(async (url, init) =>
    String(url) === ALERTS.url ? receive(init) : Response.json(balanceBody("2026-08")),
  );
  vi.useFakeTimers({ toFake: ["Date"], now: START });
});
afterEach(() => {
  vi.useRealTimers();
});

const about = (event: string) => logs.filter((line) => line.event === event);
const idOf = (init: RequestInit | undefined) => new Headers(init?.headers).get("webhook-id") ?? "";

const inObject = (
  name: string,
  work: (object: AccountBalance, storage: DurableObjectStorage) => Promise<void>,
) =>
  runInDurableObject(
    env.ACCOUNT_BALANCE.getByName(name),
    (object: AccountBalance, { storage }: DurableObjectState) => {
      Reflect.set(object, "env", { ...env, ...variables });
      return work(object, storage);
    },
  );

test("a receiver that is down for good: a day of attempts, further and further apart, then the next event", async () => {
  const attempts: { id: string; at: number }[] = [];
  receive = async (init) => {
    attempts.push({ id: idOf(init), at: Date.now() });
    return new Response(null, { status: 500 });
  };
  await inObject("outbox-down", async (object, storage) => {
    await object.refresh(demand);
    for (let at = await storage.getAlarm(); at !== null; at = await storage.getAlarm()) {
      vi.setSystemTime(Math.max(at, Date.now()));
      await storage.deleteAlarm();
      await object.alarm();
    }
  });
  const ids = [...new Set(attempts.map(({ id }) => id))];
  expect(ids).toHaveLength(2);
  const first = attempts.filter(({ id }) => id === ids[0]).map(({ at }) => at);
  const gaps = first.slice(1).map((at, n) => at - (first[n] ?? 0));
  for (const [n, gap] of gaps.slice(0, -1).entries()) {
    const longest = Math.min(3_600_000, 5_000 * 2 ** n);
    expect(gap).toBeLessThanOrEqual(longest);
    expect(gap).toBeGreaterThanOrEqual(longest * 0.75 - 1);
  }
  // Given up a day after it was made, not before; nothing overtook it.
  expect((first.at(-1) ?? 0) - START).toBe(DAY_MS);
  expect(attempts.map(({ id }) => id).lastIndexOf(ids[0] ?? "")).toBe(first.length - 1);
  expect(about("alert_dropped")).toHaveLength(2);
  expect(about("alert_dropped")[0]).toMatchObject({
    reason: "balance.low",
    failures: first.length,
  });
});

test("a receiver that never answers holds up neither a refresh nor a caller, and is given up after 5 s", async () => {
  const { promise: arrived, resolve } = Promise.withResolvers<void>();
  receive = (init) => {
    resolve();
    return new Promise((_, reject) => {
      init?.signal?.addEventListener("abort", () => reject(new Error("aborted")));
    });
  };
  await inObject("outbox-slow", async (object) => {
    await object.refresh(demand);
    const delivering = object.alarm();
    await arrived;
    vi.setSystemTime(START + 3_600_000);
    // Answered while the delivery hangs.
    expect((await object.refresh(demand)).record).not.toBeNull();
    expect(about("alert_failed")).toEqual([]);
    await delivering;
  });
  expect(about("alert_failed")).toMatchObject([{ upstream_status: "timeout", failures: 1 }]);
}, 10_000);

test("a redirect is not followed, and is a failure", async () => {
  const urls: string[] = [];
  receive = async () =>
    new Response(null, { status: 302, headers: { location: "https://10.0.0.1/" } });
  await inObject("outbox-redirect", async (object) => {
    await object.refresh(demand);
    await object.alarm();
  });
  for (const [url] of fetched.mock.calls) urls.push(String(url));
  expect(urls.some((url) => url.includes("10.0.0.1"))).toBe(false);
  expect(about("alert_failed")).toMatchObject([{ upstream_status: 302 }]);
});

test("without ALERTS nothing is kept and nothing sent", async () => {
  receive = async () => new Response(null, { status: 204 });
  await runInDurableObject(
    env.ACCOUNT_BALANCE.getByName("outbox-none"),
    async (object: AccountBalance, { storage }: DurableObjectState) => {
      await object.refresh(demand);
      await object.alarm();
      expect(await storage.getAlarm()).toBeNull();
      expect(storage.kv.get("alerts")).toBeUndefined();
    },
  );
});
