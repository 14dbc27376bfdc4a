/** Every state that the page can show: what it is answered to one press of the button after the other. */

/** What the screens' clock says. */
export const NOW = Date.UTC(2026, 10, 24, 10);

const DAY_MS = 86_400_000;

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: object;
  readonly html?: string;
}

export interface PageState {
  /** `null`: the connection is lost. */
  readonly balance: readonly (Reply | null)[];
  readonly status?: Reply;
  readonly history: Reply | null;
  /** What is to be read on it. */
  readonly says: readonly (string | RegExp)[];
  readonly saysNot?: readonly string[];
}

const time = (ms: number) => new Date(ms).toISOString().replace(".000", "");

const PLAN = {
  name: "pro_2026",
  title: "Pro",
  pricing: "flat",
  price: "29.00",
  interval: "month",
  support: "standard_email",
};
const BALANCE = {
  account: "default",
  status: "ok",
  currency: "USD",
  available: "37.3583",
  low_below: "10.00",
  blocked: null,
  pay_as_you_go: true,
  monthly: {
    remaining: "12.4583",
    allowance: "20.00",
    units: 1_501,
    refreshes_at: "2026-12-11T15:30:00Z",
  },
  prepaid: { remaining: "24.90", units: 3_000, cash: "20.00" },
  total_due: "4.20",
  plan: PLAN,
  updated_at: "2026-11-20T18:22:41Z",
  as_of: time(NOW - 12_000),
  stale: false,
  stale_reason: null,
};

function ok(members: object = {}, ageSeconds = 12): Reply {
  const as_of = time(NOW - ageSeconds * 1_000);
  const json = { ...BALANCE, as_of, ...members };
  return { status: 200, headers: { age: `${ageSeconds}`, etag: '"one"' }, json };
}

const amounts = (monthly: string, prepaid: string, available: string) => ({
  available,
  monthly: { ...BALANCE.monthly, remaining: monthly },
  prepaid: { ...BALANCE.prepaid, remaining: prepaid, cash: null },
});

function problem(status: number, code: string, headers: Readonly<Record<string, string>> = {}) {
  const json = { type: "about:blank", title: code, status, code, request_id: "r" };
  return { status, headers: { "content-type": "application/problem+json", ...headers }, json };
}

const SIGN_IN = { status: 200, html: "<h1>Sign in to the network</h1>" };

function history(
  amountAt: ((daysAgo: number) => number) | null,
  forecast: { spend?: string; lastsDays?: number; spent?: (daysAgo: number) => number },
): Reply {
  const { spend = null, lastsDays, spent = () => 0 } = forecast;
  const count = amountAt === null ? 0 : 120;
  const point = (daysAgo: number, usd: number) => ({
    at: time(NOW - daysAgo * DAY_MS),
    available: usd.toFixed(2),
    monthly: "0.00",
    prepaid: usd.toFixed(2),
    total_due: null,
  });
  const points = Array.from({ length: count }, (_, n) => {
    const daysAgo = 30 - n / 4;
    return point(daysAgo, amountAt?.(daysAgo) ?? 0);
  });
  const days = Array.from({ length: count === 0 ? 0 : 30 }, (_, n) => {
    const daysAgo = 29 - n;
    return {
      day: time(NOW - daysAgo * DAY_MS).slice(0, 10),
      spent: spent(daysAgo).toFixed(2),
    };
  });
  const json = {
    ...{ account: "default", currency: "USD", points, days },
    ...{ from: time(NOW - 30 * DAY_MS), to: time(NOW), spend_per_day: spend },
    lasts_until: lastsDays === undefined ? null : time(NOW + lastsDays * DAY_MS),
    forecast_reason: spend === null ? "not_enough_history" : null,
  };
  return { status: 200, json };
}

/** Busy on weekdays, quiet at weekends; credits come each month, and a top-up once. */
const spentOn = (daysAgo: number) => {
  const weekday = new Date(NOW - Math.floor(daysAgo) * DAY_MS).getUTCDay();
  return weekday % 6 === 0 ? 0.4 : 2 + ((daysAgo * 7) % 5) * 0.6;
};
const lively = (daysAgo: number) => {
  let usd = 62.4 + (daysAgo <= 21 ? 20 : 0) + (daysAgo <= 13 ? 25 : 0);
  for (let day = 30; day > daysAgo; day--) usd -= spentOn(day);
  return usd;
};
const LIVELY = history(lively, { spend: "2.87", lastsDays: 13, spent: spentOn });
const ONE_POINT: Reply = {
  ...history(null, {}),
  json: {
    ...history(null, {}).json,
    points: [
      {
        ...{ at: time(NOW - 3_600_000), available: "37.36", monthly: "12.46", prepaid: "24.90" },
        total_due: "4.20",
      },
    ],
    days: [{ day: "2026-11-24", spent: "0.00" }],
  },
};
/** A tenth of what it was at most. */
const AT_A_TENTH = history((daysAgo) => 123.45 + daysAgo ** 2 * 1.2346, {
  ...{ spend: "8.75", lastsDays: 14 },
  spent: (daysAgo) => 1.23 + daysAgo * 2.47,
});
/** Runs out tomorrow: the marks of both days lie close together. */
const NEARLY_GONE = history((daysAgo) => 4.75 + daysAgo * 3, {
  ...{ spend: "3.00", lastsDays: 1.6 },
  spent: () => 3,
});
/** Used up this morning. */
const USED_UP = history((daysAgo) => daysAgo * 1.5, {
  ...{ spend: "1.50", lastsDays: 0 },
  spent: () => 1.5,
});
/** Twenty years at the present pace. */
const FAR_OFF = history((daysAgo) => 73 + daysAgo * 0.01, {
  ...{ spend: "0.01", lastsDays: 7_300 },
  spent: () => 0.01,
});
/** A tenth of it spent: the line must still not look flat. */
const A_TENTH_SPENT = history((daysAgo) => 1_234.56 + daysAgo * 4.115, {
  ...{ spend: "4.12", lastsDays: 300 },
  spent: () => 4.12,
});

export const STATES: Readonly<Record<string, PageState>> = {
  ok: {
    balance: [ok()],
    history: LIVELY,
    says: [
      "$37.36",
      "There is enough.",
      "This month$12.46",
      "Prepaid$24.90",
      "$20.00 of it refund",
    ],
  },
  "a large amount": {
    balance: [ok({ ...amounts("20.00", "1214.563", "1234.563"), total_due: null })],
    history: A_TENTH_SPENT,
    says: ["$1,234.56", "Prepaid$1,214.56", "This month$20.00", "At $4.12 a day"],
  },
  "a tenth of what it was": {
    balance: [ok({ ...amounts("0.00", "123.45", "123.45") })],
    history: AT_A_TENTH,
    says: ["$123.45", "At $8.75 a day it lasts until December 8, 2026."],
  },
  low: {
    balance: [ok({ status: "low", ...amounts("1.50", "3.25", "4.75"), pay_as_you_go: false })],
    history: NEARLY_GONE,
    says: ["$4.75", "It is running low: less than $10.00.", "Calls stop"],
  },
  exhausted: {
    balance: [ok({ status: "exhausted", ...amounts("0.00", "-0.004", "-0.004") })],
    history: USED_UP,
    says: [
      /^\$0\.00Nothing is left\./,
      "Pay as you go",
      "Next credits: December 11, 2026",
      "$1.50 a day was spent, and nothing is left.",
    ],
  },
  "hardly used": {
    balance: [ok(amounts("0.00", "73.00", "73.00"))],
    history: FAR_OFF,
    says: ["$73.00", "At $0.01 a day it lasts for more than ten years."],
  },
  contract: {
    balance: [
      ok({
        ...{ status: "contract", ...amounts("0.00", "0.00", "0.00"), total_due: "31.61" },
        plan: { ...PLAN, title: "Enterprise", pricing: "contract", price: null, interval: null },
      }),
    ],
    history: history(null, {}),
    says: ["On a contract", "PlanEnterprise", "There is no history yet."],
  },
  blocked: {
    balance: [ok({ status: "blocked", blocked: "payment_method_failed", pay_as_you_go: false })],
    history: null,
    says: ["Zoo has blocked this account.", "A payment failed: check the payment method"],
  },
  "no plan": {
    balance: [
      ok({
        monthly: { ...BALANCE.monthly, allowance: null, refreshes_at: null, units: null },
        ...{ prepaid: { ...BALANCE.prepaid, cash: null }, plan: null, total_due: null },
        pay_as_you_go: null,
      }),
    ],
    history: ONE_POINT,
    says: ["$37.36", "This month$12.46", "less than a day of history"],
    saysNot: ["Plan", "Due", "Next credits", "refundable"],
  },
  "the status alone": {
    balance: [problem(403, "insufficient_scope")],
    status: {
      ...ok(),
      json: {
        ...{ account: "default", status: "low", as_of: time(NOW - 12_000) },
        ...{ stale: false, stale_reason: null },
      },
    },
    history: null,
    says: ["It is running low.", "Updated 12 seconds ago."],
    saysNot: ["$", "may not see"],
  },
  ...Object.fromEntries(
    (
      [
        ["revalidating", 95, "A newer value is on its way. Updated 95 seconds ago."],
        ["upstream_unavailable", 1_500, "Zoo cannot be reached: this is the last known value."],
        ["upstream_rejected", 10_800, "Zoo refuses the service: this is the last known value."],
        ["upstream_invalid", 72_000, "Zoo's answer could not be read: this is the last known"],
        ["of_a_later_version", 300, "Not fresh (of_a_later_version). Updated 5 minutes ago."],
      ] as const
    ).map(([stale_reason, age, says]): [string, PageState] => [
      `stale, ${stale_reason}`,
      { balance: [ok({ stale: true, stale_reason }, age)], history: null, says: ["$37.36", says] },
    ]),
  ),
  "nothing known, Zoo down": {
    balance: [problem(503, "upstream_unavailable", { "retry-after": "30" })],
    history: null,
    says: ["Zoo cannot be reached, and no earlier value is known. Try again in 30 s."],
  },
  "refused after a value": {
    balance: [ok(), problem(401, "invalid_credentials")],
    history: ONE_POINT,
    says: ["This credential is not valid, or no longer."],
    saysNot: ["$"],
  },
  "failing after a value": {
    balance: [ok({}, 40), problem(503, "upstream_unavailable", { "retry-after": "5" })],
    history: LIVELY,
    says: [
      "Zoo cannot be reached: this is the last known value. Try again in 5 s.",
      "$37.36",
      "Updated 40 seconds ago.",
    ],
  },
  "offline after a value": {
    balance: [ok({}, 40), null],
    history: null,
    says: ["There is no connection to the service.", "$37.36", "Updated 40 seconds ago."],
  },
  "a network's sign-in page after a value": {
    balance: [ok({}, 40), SIGN_IN],
    history: null,
    says: ["Something between this page and the service answered instead", "$37.36"],
  },
  "unchanged after a value": {
    balance: [ok({}, 40), { status: 304, headers: { age: "3", etag: '"one"' } }],
    history: LIVELY,
    says: ["$37.36", "Updated just now.", "lasts until December 7, 2026."],
  },
};
