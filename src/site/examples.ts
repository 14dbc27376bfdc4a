/**
 * An example for each state that an app has to show, by its name. Balances are made by the functions that make
 * the real answers, so an example cannot say what the service would not.
 */
import type * as z from "zod/mini";
import { accessSchema, balanceSchema, newRecord } from "../balance/record.ts";
import {
  STALE_REASONS,
  type StaleReason,
  toStatusView,
  toView,
  type View,
} from "../balance/view.ts";
import type { historySchema } from "../history/view.ts";
import { moneyOf } from "../lib/money.ts";

/** By their names. */
export type Examples = Readonly<Record<string, unknown>>;

interface Account {
  readonly balance: z.input<typeof balanceSchema>;
  readonly access: z.input<typeof accessSchema> | null;
}

const LOW_BALANCE_USD = moneyOf(1_000n, 2);

function viewOf({ balance, access }: Account, staleReason: StaleReason | null): View {
  const value = {
    balance: balanceSchema.parse(balance),
    access: access && accessSchema.parse(access),
  };
  const fetchedAt = Date.parse("2026-11-23T10:00:00Z");
  const record = newRecord({ name: "default", source: "" }, value, fetchedAt, 0);
  return toView({ record, stale: staleReason !== null, staleReason }, { LOW_BALANCE_USD });
}

/** A contract account with credits. */
const SPENDABLE: Account = {
  balance: {
    available: "146.72",
    monthly: { remaining: "58.93", allowance: "66.98", units: null, refreshes_at: null },
    prepaid: { remaining: "87.79", units: null, cash: "70.93" },
    total_due: "31.61",
    plan: {
      name: "free",
      title: "free",
      pricing: "contract",
      price: null,
      interval: null,
      support: "standard",
    },
    updated_at: "2024-04-29T19:59:59Z",
  },
  access: null,
};

/** A subscriber who has used up the credits of the month, and may go on. */
const LOW: Account = {
  balance: {
    available: "7.3583",
    monthly: {
      remaining: "0.00",
      allowance: "20.00",
      units: 0,
      refreshes_at: "2026-12-11T15:30:00Z",
    },
    prepaid: { remaining: "7.3583", units: 441, cash: null },
    total_due: "0.00",
    plan: {
      name: "pro_2026",
      title: "Pro",
      pricing: "flat",
      price: "29.00",
      interval: "month",
      support: "standard_email",
    },
    updated_at: "2026-11-23T09:41:07Z",
  },
  access: { blocked: null, pay_as_you_go: true },
};

const NOTHING: Account = {
  balance: {
    ...LOW.balance,
    available: "0.00",
    prepaid: { remaining: "0.00", units: 0, cash: null },
  },
  access: { blocked: null, pay_as_you_go: false },
};

const ACCOUNTS: Readonly<Record<string, Account>> = {
  ok: SPENDABLE,
  low: LOW,
  exhausted: NOTHING,
  contract: {
    balance: {
      ...NOTHING.balance,
      plan: {
        name: "enterprise",
        title: "Enterprise",
        pricing: "contract",
        price: null,
        interval: null,
        support: null,
      },
    },
    access: { blocked: null, pay_as_you_go: true },
  },
  blocked: { ...LOW, access: { blocked: "payment_method_failed", pay_as_you_go: true } },
  no_plan: {
    balance: {
      available: "25.00",
      monthly: { remaining: "0.00", allowance: null, units: null, refreshes_at: null },
      prepaid: { remaining: "25.00", units: null, cash: null },
      total_due: null,
      plan: null,
      updated_at: "2026-11-20T08:00:00Z",
    },
    access: { blocked: null, pay_as_you_go: false },
  },
};

const VIEWS: readonly (readonly [name: string, View])[] = [
  ...Object.entries(ACCOUNTS).map(([name, account]) => [name, viewOf(account, null)] as const),
  ...STALE_REASONS.map((reason) => [`stale_${reason}`, viewOf(SPENDABLE, reason)] as const),
];

export const BALANCES: Readonly<Record<string, View>> = Object.fromEntries(VIEWS);

export const STATUSES: Examples = Object.fromEntries(
  VIEWS.map(([name, view]) => [name, toStatusView(view)]),
);

const CHART: z.input<typeof historySchema> = {
  account: "default",
  currency: "USD",
  from: "2026-11-17T10:00:00Z",
  to: "2026-11-24T10:00:00Z",
  points: [
    {
      at: "2026-11-17T10:00:00Z",
      available: "172.02",
      monthly: "66.98",
      prepaid: "105.04",
      total_due: null,
    },
    {
      at: "2026-11-21T16:20:00Z",
      available: "150.92",
      monthly: "63.13",
      prepaid: "87.79",
      total_due: "27.41",
    },
    {
      at: "2026-11-23T10:00:00Z",
      available: "146.72",
      monthly: "58.93",
      prepaid: "87.79",
      total_due: "31.61",
    },
  ],
  spend_per_day: "3.6143",
  lasts_until: "2027-01-04T00:14:54Z",
  forecast_reason: null,
  days: [
    { day: "2026-11-21", spent: "21.10" },
    { day: "2026-11-23", spent: "4.20" },
  ],
};
const WITHOUT_FORECAST = { ...CHART, spend_per_day: null, lasts_until: null };

export const HISTORIES: Examples = {
  forecast: CHART,
  not_enough_history: {
    ...WITHOUT_FORECAST,
    points: CHART.points.slice(2).map((point) => ({ ...point, at: "2026-11-23T16:20:00Z" })),
    forecast_reason: "not_enough_history",
    days: [],
  },
  not_spending: {
    ...WITHOUT_FORECAST,
    points: CHART.points.slice(2).map((point) => ({ ...point, at: CHART.from })),
    forecast_reason: "not_spending",
    days: [],
  },
};
