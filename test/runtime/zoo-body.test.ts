import { describe, expect, test } from "vitest";
import type * as z from "zod/mini";
import type { balanceSchema } from "../../src/balance/record.ts";
import { readZooBody } from "../../src/zoo/body.ts";
import { balanceBody, GENERATIONS, type Generation, PAYMENT_SECRET } from "../zoo/bodies.ts";

const none = { units: null, refreshes_at: null };

const EXPECTED: Record<Generation, z.input<typeof balanceSchema>> = {
  "2022-08": {
    available: "34.4083",
    monthly: { remaining: "9.40", allowance: null, ...none },
    prepaid: { remaining: "25.0083", units: null, cash: "20.00" },
    total_due: "0.00",
    plan: null,
    updated_at: "2022-08-30T16:40:52Z",
  },
  "2024-03": {
    available: "40.5083",
    monthly: { remaining: "0.0083", allowance: "20.00", ...none },
    prepaid: { remaining: "40.50", units: null, cash: "15.25" },
    total_due: "3.10",
    plan: {
      name: "pro",
      title: "pro",
      pricing: "flat",
      price: "20.00",
      interval: "month",
      support: "priority",
    },
    updated_at: "2024-03-19T08:05:44Z",
  },
  "2025-07": {
    available: "9.8083",
    monthly: { remaining: "9.80", allowance: "20.00", units: 1176, refreshes_at: null },
    prepaid: { remaining: "0.0083", units: 1, cash: null },
    total_due: "0.00",
    plan: {
      name: "team",
      title: "team",
      pricing: "per_user",
      price: "399.00",
      interval: "month",
      support: "priority_email",
    },
    updated_at: "2025-07-21T13:37:05Z",
  },
  "2025-11": {
    available: "52.10",
    monthly: { remaining: "2.00", allowance: "20.00", units: 240, refreshes_at: null },
    prepaid: { remaining: "50.10", units: 6012, cash: null },
    total_due: "12.50",
    plan: {
      name: "plus",
      title: "Plus",
      pricing: "flat",
      price: "199.99",
      interval: "year",
      support: "standard_email",
    },
    updated_at: "2025-11-17T21:09:33Z",
  },
  "2026-08": {
    available: "37.3583",
    monthly: {
      remaining: "12.4583",
      allowance: "20.00",
      units: 1501,
      refreshes_at: "2026-12-11T15:30:00Z",
    },
    prepaid: { remaining: "24.90", units: 3000, cash: null },
    total_due: "4.20",
    plan: {
      name: "pro_2026",
      title: "Pro",
      pricing: "flat",
      price: "29.00",
      interval: "month",
      support: "standard_email",
    },
    updated_at: "2026-11-20T18:22:41Z",
  },
  documented: {
    available: "146.72",
    monthly: { remaining: "58.93", allowance: "66.98", ...none },
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
};

describe.each(GENERATIONS)("a body of generation %s", (generation) => {
  const text = JSON.stringify(balanceBody(generation, { includeTotalDue: true }));

  test("gives the view's fields, without drift", () => {
    expect(readZooBody(text)).toEqual({ ok: true, balance: EXPECTED[generation], drift: [] });
  });

  test("with unknown fields gives the same", () => {
    const more = { ...JSON.parse(text), next_year: { monthly_credits_remaining: "1" }, list: [1] };
    expect(readZooBody(JSON.stringify(more))).toEqual(readZooBody(text));
  });
});

test.each(["2025-07", "2025-11", "2026-08"] as const)("%s without total_due: null", (name) => {
  const read = readZooBody(JSON.stringify(balanceBody(name)));
  expect(read).toEqual({ ok: true, balance: { ...EXPECTED[name], total_due: null }, drift: [] });
});

test("the payment secret does not come out", () => {
  const text = JSON.stringify(balanceBody("2026-08"));
  expect(text).toContain(PAYMENT_SECRET);
  expect(JSON.stringify(readZooBody(text))).not.toContain(PAYMENT_SECRET);
});

test("a refresh time in the past passes: the refresh is pending", () => {
  const body = balanceBody("2026-08");
  body.monthly_api_credits_refresh_at = "2020-01-01T00:00:00+02:00";
  const read = readZooBody(JSON.stringify(body));
  expect(read.ok && read.balance.monthly.refreshes_at).toBe("2019-12-31T22:00:00Z");
});
