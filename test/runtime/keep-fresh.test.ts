/** A value that is read is kept fresh by the object's alarm, with the clock moved from one alarm to the next. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { AccountBalance } from "../../src/account/account-object.ts";
import { isKeepFreshDue, keepFreshAt } from "../../src/balance/keep-fresh.ts";
import { balanceBody } from "../zoo/bodies.ts";
import { demandOf, env } from "./support.ts";

/** In the future of the real clock, so that alarms go off only when they are called here. */
const START = Math.ceil(Date.now() / 86_400_000 + 1) * 86_400_000;
const MINUTE_MS = 60_000;
const fetched = vi.spyOn(globalThis, "fetch");
let zooStatus = 200;

beforeEach(() => {
  zooStatus = 200;
  for (const level of ["info", "warn", "error"] as const) {
    vi.spyOn(console, level).mockReturnValue();
  }
  fetched.mockReset();
  fetched.mockImplementation(async () =>
    zooStatus === 200
      ? Response.json(balanceBody("2026-08"))
      : new Response("{}", { status: zooStatus }),
  );
  vi.setSystemTime(START);
});
const newObject = () => env.ACCOUNT_BALANCE.getByName(`keep-fresh-${crypto.randomUUID()}`);
type Stub = ReturnType<typeof newObject>;

/** Lives through the alarms until then. @returns how many there were */
async function liveUntil(stub: Stub, until: number, variables: object = {}): Promise<number> {
  return runInDurableObject(stub, async (object: AccountBalance, { storage }) => {
    Reflect.set(object, "env", { ...env, ...variables });
    let alarms = 0;
    for (let at = await storage.getAlarm(); at !== null && at <= until; alarms++) {
      vi.setSystemTime(Math.max(at, Date.now()));
      await storage.deleteAlarm();
      await object.alarm();
      at = await storage.getAlarm();
    }
    vi.setSystemTime(until);
    return alarms;
  });
}

test("with a reader every 10 minutes nobody but the first waits for Zoo, at 1.1 calls a minute at most", async () => {
  const stub = newObject();
  await stub.refresh(demandOf({ by: "reader" }));
  for (let minute = 10; minute <= 120; minute += 10) {
    await liveUntil(stub, START + minute * MINUTE_MS);
    const calls = fetched.mock.calls.length;
    const { record } = await stub.refresh(demandOf({ by: "reader" }));
    expect(Date.now() - (record?.fetched_at ?? 0)).toBeLessThanOrEqual(MINUTE_MS);
    expect(fetched.mock.calls.length).toBe(calls);
  }
  expect(fetched.mock.calls.length).toBeGreaterThan(120);
  expect(fetched.mock.calls.length).toBeLessThanOrEqual(120 * 1.1);
});

test("once the last reader is gone for KEEP_FRESH_SECONDS, no alarm calls Zoo any more", async () => {
  const stub = newObject();
  await stub.refresh(demandOf({ by: "reader" }));
  await liveUntil(stub, START + 15 * MINUTE_MS);
  const calls = fetched.mock.calls.length;
  expect(calls).toBeLessThanOrEqual(15 * 1.1 + 1);
  expect(await liveUntil(stub, START + 24 * 60 * MINUTE_MS)).toBe(0);
  await stub.refresh(demandOf());
  expect(await liveUntil(stub, START + 25 * 60 * MINUTE_MS)).toBe(0);
  expect(fetched.mock.calls.length).toBe(calls + 1);
});

test("the cron is no reader: its refresh sets no alarm", async () => {
  const stub = newObject();
  await stub.refresh(demandOf());
  expect(await liveUntil(stub, START + 60 * MINUTE_MS)).toBe(0);
});

test("KEEP_FRESH_SECONDS of 0 turns it off", async () => {
  const stub = newObject();
  await runInDurableObject(stub, async (object: AccountBalance, { storage }) => {
    Reflect.set(object, "env", { ...env, KEEP_FRESH_SECONDS: 0 });
    const { record } = await object.refresh(demandOf({ by: "reader" }));
    expect(record?.kept_until).toBe(0);
    expect(await storage.getAlarm()).toBeNull();
  });
});

test("the stored value says until when it is kept fresh, and a reported reader extends that", async () => {
  const stub = newObject();
  const { record } = await stub.refresh(demandOf({ by: "reader" }));
  expect(record?.kept_until).toBe(START + 900_000);
  vi.setSystemTime(START + 50_000);
  await stub.reportReader("default");
  await liveUntil(stub, START + 60_000);
  expect((await stub.peek("default")).record?.kept_until).toBe(START + 50_000 + 900_000);
});

test("a restart loses no reader", async () => {
  const stub = newObject();
  await stub.refresh(demandOf({ by: "reader" }));
  await evictDurableObject(stub);
  const alarms = await liveUntil(stub, START + 14 * MINUTE_MS);
  expect(alarms).toBeGreaterThanOrEqual(14);
});

test("backoff rules here too: an outage of 10 minutes costs no more calls than one reader's", async () => {
  const stub = newObject();
  await stub.refresh(demandOf({ by: "reader" }));
  zooStatus = 503;
  await liveUntil(stub, START + 10 * MINUTE_MS);
  // 1, 2, 4 … 32 s, then one in 48 to 60 s.
  expect(fetched.mock.calls.length).toBeLessThanOrEqual(1 + 6 + Math.ceil((540 * 1_000) / 48_000));
  zooStatus = 200;
  await liveUntil(stub, START + 12 * MINUTE_MS);
  const { record } = await stub.peek("default");
  expect(Date.now() - (record?.fetched_at ?? 0)).toBeLessThanOrEqual(MINUTE_MS);
});

test("an alarm that meets a bad configuration is set again, and goes on when all is mended", async () => {
  const stub = newObject();
  const ALERTS = { url: "https://hooks.example/", secret: "HOOK", thresholds: ["50.00"] };
  await runInDurableObject(stub, async (object: AccountBalance) => {
    Reflect.set(object, "env", { ...env, ALERTS, HOOK: btoa("x".repeat(32)) });
    await object.refresh(demandOf());
  });
  await liveUntil(stub, START + MINUTE_MS, { FRESH_SECONDS: "never" });
  const sent: string[] = [];
  fetched.mockImplementation(async (url) => {
    sent.push(String(url));
    return new Response(null, { status: 204 });
  });
  await liveUntil(stub, START + 3 * MINUTE_MS, { ALERTS, HOOK: btoa("x".repeat(32)) });
  expect(sent).toContain(ALERTS.url);
});

describe("the decisions", () => {
  const D = { FRESH_SECONDS: 60, KEEP_FRESH_SECONDS: 900 };
  test.each([
    [0, 1_000, true],
    [1_000 + 450_000, 1_000, false],
    [1_000 + 449_999, 1_000, true],
  ])("a value kept until %s is reported at %s: %s", (keptUntil, now, due) => {
    expect(isKeepFreshDue(keptUntil, D, now)).toBe(due);
  });
  test("without KEEP_FRESH_SECONDS no reader is reported", () => {
    expect(isKeepFreshDue(0, { ...D, KEEP_FRESH_SECONDS: 0 }, 1)).toBe(false);
  });
  test.each([
    [0, 0, 900_000, 55_200],
    [0, 70_000, 900_000, 70_000],
    [850_000, 0, 900_000, null],
    [null, 0, 900_000, 0],
    [null, 0, 0, null],
  ])(
    "fetched at %s, backing off until %s, kept until %s: due at %s",
    (fetchedAt, retryAt, keptUntil, at) => {
      expect(keepFreshAt(fetchedAt, retryAt, keptUntil, D)).toBe(at);
    },
  );
});
