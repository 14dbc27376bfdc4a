/**
 * A quarter of a year in the accounts' Durable Objects: a refresh every 15 minutes, Zoo failing now and
 * then, and a receiver of webhooks that fails a third of the time. Every kind of event occurs.
 */
import { runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { AccountBalance } from "../../src/account/account-object.ts";
import type { HistoryExcerpt } from "../../src/history/store.ts";
import { LONG } from "../long.ts";
import { demandOf, env } from "./support.ts";

const DAYS = 90;
/** How often an account is refreshed: the wobbling one, and in the long form each, as often as by the cron. */
const CRON_STEP_MS = 900_000;
const HOURLY_STEP_MS = 3_600_000;
const stepOf = (account: string) =>
  LONG || account === "wobbling" ? CRON_STEP_MS : HOURLY_STEP_MS;
const DAY_MS = 86_400_000;
/** In the future of the real clock, by which alarms go off: here they are called when their time has come. */
const START = Math.ceil(Date.now() / DAY_MS + 1) * DAY_MS;
const SECRET = `whsec_${btoa("a secret of thirty-two bytes ...")}`;
const RECEIVER = "https://alerts.example/hook";

/** How an account stands. Amounts in hundredths. */
interface Standing {
  readonly monthly?: number;
  readonly prepaid?: number;
  readonly pricing?: "contract";
  readonly block?: string;
  readonly down?: boolean;
}
type Schedule = (day: number, step: number) => Standing;
const SCHEDULES: Readonly<Record<string, Schedule>> = {
  /** 120.00, and 1.00 less each day. */
  steady: (day) => ({ prepaid: 12_000 - Math.floor(day * 100) }),
  /** 20.00 of monthly credits anew every 30 days, of which 1.20 goes each day. */
  monthly: (day) => ({ monthly: Math.max(0, 2_000 - Math.floor((day % 30) * 120)) }),
  /** Around 50.00 for 45 days, then 80.00, then 49.70, and from noon of day 60 on between that and 54.90. */
  wobbling: (day, step) => {
    if (day < 45) return { prepaid: step % 2 === 0 ? 5_030 : 4_970 };
    if (day < 60) return { prepaid: 8_000 };
    return { prepaid: day < 60.5 || step % 2 === 0 ? 4_970 : 5_490 };
  },
  /** 60.00, and 2.00 less each day until nothing is left; 50.00 are bought on day 25 and again on day 50. */
  busy: (day) => ({
    prepaid: Math.max(
      0,
      6_000 - Math.floor(day * 200) + (day >= 25 ? 5_000 : 0) + (day >= 50 ? 5_000 : 0),
    ),
    down: day >= 35 && day < 36,
    ...(day >= 60 && day < 62 ? { block: "payment_method_failed" } : {}),
  }),
  /** Limited by its contract, not by credits, of which it has none. */
  contract: () => ({ pricing: "contract" }),
};

/** By hand: what crosses what, and on day 21 Zoo refuses the token for a while. */
const refusal = ["upstream.rejected", "upstream.stale", "upstream.recovered", "upstream.fresh"];
const low50 = "balance.low 50.00";
const [lasts40, lasts10] = ["balance.runs_out 40", "balance.runs_out 10"];
const [low10, exhausted] = ["balance.low 10.00", "balance.exhausted"];
/** While credits are unspent for a week, there is no end in sight; so each month it comes into sight anew. */
const month = [lasts40, lasts10, low10, exhausted];
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  steady: [...refusal, low50, lasts40],
  monthly: [
    ...[low50, ...month, ...refusal, "balance.recovered 10.00"],
    ...[...month, "balance.recovered 10.00", ...month],
  ],
  wobbling: [
    ...[low50, lasts40, lasts10, ...refusal],
    ...["balance.topped_up", "balance.recovered 50.00"],
    // The fall of day 60; the first rise of 5.20 after it is a top-up, all others are the same one.
    ...[low50, lasts40, "balance.topped_up", lasts10],
  ],
  busy: [
    ...[lasts40, low50, lasts10, ...refusal],
    ...["balance.topped_up", "balance.recovered 50.00", low50],
    ...["upstream.stale", "upstream.fresh", lasts10],
    ...["balance.topped_up", "balance.recovered 50.00", low50],
    ...["account.blocked", "account.unblocked", lasts10, low10, exhausted],
  ],
  contract: refusal,
};

interface Heard {
  readonly id: string;
  readonly account: string;
  readonly said: string;
}

/** Numbers between 0 and 1, the same in every run. */
const random = (() => {
  const numbers = fc.sample(fc.integer({ min: 0, max: 999_999 }), { numRuns: 10_007, seed: 7 });
  let n = 0;
  return () => (numbers[n++ % numbers.length] ?? 0) / 1_000_000;
})();

const heard: Heard[] = [];
let refused = 0;
let calls = 0;
const now = { day: 0, step: 0, account: "" };

async function zoo(): Promise<Response> {
  calls += 1;
  if (now.day >= 21 && now.day < 21.5) return new Response("{}", { status: 401 });
  const luck = random();
  if (luck < 0.05) return new Response("{}", { status: 503 });
  if (luck < 0.07) return new Response("garbage");
  if (luck < 0.09) throw new TypeError("reset");
  const { monthly = 0, prepaid = 0, pricing, down } = standing();
  if (down === true) return new Response("garbage");
  const price = { type: "enterprise" };
  const plan = { modeling_app: { name: "team", display_name: "Team", price } };
  return Response.json({
    monthly_api_credits_remaining_monetary_value: (monthly / 100).toFixed(2),
    stable_api_credits_remaining_monetary_value: (prepaid / 100).toFixed(2),
    updated_at: new Date().toISOString(),
    ...(pricing === undefined ? {} : { subscription_details: plan }),
  });
}

/** Every thirteenth time it cannot be had: then nothing is known, and nothing told. */
let users = 0;
function zooUser(): Response {
  users += 1;
  const { block = null } = standing();
  return users % 13 === 0 ? new Response("", { status: 500 }) : Response.json({ block });
}

const standing = () => SCHEDULES[now.account]?.(now.day, now.step) ?? {};

async function receiver(init: RequestInit | undefined): Promise<Response> {
  expect(init?.redirect).toBe("manual");
  const headers = Object.fromEntries(new Headers(init?.headers));
  const body = new Webhook(SECRET).verify(String(init?.body), headers) as {
    type: string;
    data: { account: string; threshold: string | null; days?: string };
  };
  const { account, threshold, days } = body.data;
  const said = [body.type, threshold ?? days].filter((part) => part !== undefined).join(" ");
  const luck = random();
  // Some of those that fail have been taken in nevertheless.
  if (luck > 1 / 6) heard.push({ id: headers["webhook-id"] ?? "", account, said });
  if (luck > 1 / 3) return new Response(null, { status: 204 });
  refused += 1;
  if (luck < 1 / 12) throw new TypeError("reset");
  return new Response("busy", { status: luck < 1 / 6 ? 302 : 503 });
}

const excerpts = new Map<string, { month: HistoryExcerpt; all: HistoryExcerpt; rows: number }>();

async function liveThrough(account: string): Promise<void> {
  const stepMs = stepOf(account);
  const ACCOUNTS = { [account]: { token: "ZOO_API_TOKEN" } };
  const ALERTS = {
    url: RECEIVER,
    secret: "ALERTS_SECRET",
    thresholds: ["50.00", "10.00"],
    days: ["40", "10"],
    // Longer than Zoo's bad luck here ever lasts.
    stale_minutes: (8 * stepMs) / 60_000,
  };
  const ZOO_INCLUDE_BLOCK = account === "busy";
  const stub = env.ACCOUNT_BALANCE.getByName(`quarter-${account}`);
  await runInDurableObject(stub, async (object: AccountBalance, state) => {
    Reflect.set(object, "env", {
      ...env,
      ACCOUNTS,
      ALERTS,
      ALERTS_SECRET: SECRET,
      ZOO_INCLUDE_BLOCK,
    });
    const alarms = async (until: number) => {
      for (let at = await state.storage.getAlarm(); at !== null && at <= until; ) {
        vi.setSystemTime(Math.max(at, Date.now()));
        await state.storage.deleteAlarm();
        await object.alarm();
        at = await state.storage.getAlarm();
      }
    };
    now.account = account;
    for (let step = 0; step < (DAYS * DAY_MS) / stepMs; step++) {
      const at = START + step * stepMs;
      await alarms(at);
      vi.setSystemTime(at);
      Object.assign(now, { step, day: (step * stepMs) / DAY_MS });
      await object.refresh(demandOf({ account }));
    }
    await alarms(START + DAYS * DAY_MS);
    vi.setSystemTime(START + DAYS * DAY_MS);
    const [row] = state.storage.sql.exec("SELECT COUNT(*) AS rows FROM history_v1").toArray();
    excerpts.set(account, {
      month: object.history(account, 30),
      all: object.history(account, 400),
      rows: Number(row?.rows),
    });
  });
}

beforeAll(async () => {
  for (const level of ["info", "warn", "error"] as const) {
    vi.spyOn(console, level).mockReturnValue();
  }
  vi.spyOn(env.BALANCE_KV, "put").mockResolvedValue();
  vi.spyOn(globalThis, "fetch").mockImplementation(async (url, init) =>
    String(url) === RECEIVER ? receiver(init) : String(url).endsWith("/user") ? zooUser() : zoo(),
  );
  vi.useFakeTimers({ toFake: ["Date"], now: START });
  for (const account of Object.keys(SCHEDULES)) await liveThrough(account);
}, 900_000);
afterAll(() => {
  vi.useRealTimers();
});

test.each(Object.entries(EXPECTED))(
  "the receiver hears every crossing of the %s account once and in order",
  (account, expected) => {
    const mine = heard.filter((one) => one.account === account);
    const first = mine.filter(({ id }, n) => mine.findIndex((other) => other.id === id) === n);
    expect(first.map(({ said }) => said)).toEqual(expected);
  },
);

test("Zoo and the receiver failed often enough for the simulation to mean something", () => {
  const steps = Object.keys(SCHEDULES).map((account) => (DAYS * DAY_MS) / stepOf(account));
  expect(calls).toBeGreaterThanOrEqual(steps.reduce((sum, n) => sum + n));
  expect(refused).toBeGreaterThan(5);
  expect(heard.length).toBeGreaterThan(Object.values(EXPECTED).flat().length);
});

test("the forecast of the steady account is right within a day after a quarter", () => {
  const { forecast } = excerpts.get("steady")?.month ?? {};
  expect(Number(forecast?.spend_per_day)).toBeCloseTo(1, 1);
  // 30.00 are left.
  const expected = START + (DAYS + 30) * DAY_MS;
  expect(Math.abs((forecast?.lasts_until ?? 0) - expected)).toBeLessThan(DAY_MS);
});

test.each(["steady", "monthly", "wobbling"])(
  "the history of the %s account keeps within its bounds",
  (account) => {
    const { month: monthLong, all, rows } = excerpts.get(account) ?? {};
    // Everything for 7 days, hours before that.
    expect(rows).toBeLessThanOrEqual(7 * 96 + 83 * 24 + 25);
    expect(rows).toBeGreaterThan(1_000);
    for (const { points, from, to } of [monthLong, all] as HistoryExcerpt[]) {
      expect(points.length).toBeLessThanOrEqual(1_000);
      expect(points.length).toBeGreaterThan(30);
      const times = points.map(({ at }) => at);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(Math.min(...times)).toBeGreaterThanOrEqual(from);
      expect(Math.max(...times)).toBeLessThanOrEqual(to);
    }
    const ages = (all?.points ?? []).map(({ at }) => at).slice(1);
    expect(new Set(ages).size).toBe(ages.length);
  },
);
