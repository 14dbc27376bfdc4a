import { describe, expect, test } from "vitest";
import type { Plan } from "../../src/balance/record.ts";
import { toView } from "../../src/balance/view.ts";
import { usd } from "../usd.ts";
import { balanceOf, recordOf } from "./support.ts";

const CONFIG = { LOW_BALANCE_USD: usd("10.00") };
const plan = (pricing: string): Plan => ({
  name: "pro",
  title: "Pro",
  pricing,
  price: null,
  interval: null,
  support: null,
});

function status(available: string, pricing: string | null, low = "10.00") {
  const balance = {
    ...balanceOf("1.00", available),
    plan: pricing === null ? null : plan(pricing),
  };
  const record = { ...recordOf("default", 1_000), balance };
  return toView({ record, stale: false, staleReason: null }, { LOW_BALANCE_USD: usd(low) }).status;
}

test.each([
  ["-0.01", null, "exhausted"],
  ["-500.00", "flat", "exhausted"],
  ["0.00", "per_user", "exhausted"],
  ["0.00", null, "exhausted"],
  ["0.000000000000000001", "flat", "exhausted"],
  ["0.004999", "contract", "contract"],
  ["-0.004999", null, "exhausted"],
  ["0.005", "flat", "low"],
  ["9.99", null, "low"],
  ["9.999999999999999999", "flat", "low"],
  ["10.00", "flat", "ok"],
  ["100000000000000.00", "flat", "ok"],
  ["0.00", "contract", "contract"],
  ["-5.00", "contract", "contract"],
  ["0.01", "contract", "low"],
  ["146.72", "contract", "ok"],
])("%s available on a %s plan is %s", (available, pricing, expected) => {
  expect(status(available, pricing)).toBe(expected);
});

test("a threshold of zero: never low", () => {
  expect(status("0.01", "flat", "0.00")).toBe("ok");
  expect(status("0.00", "flat", "0.00")).toBe("exhausted");
});

describe("the rest", () => {
  const record = recordOf("acme", Date.UTC(2026, 10, 23, 10, 0, 0, 999));

  test("every key is there, in the contract's order, and as_of is in whole seconds", () => {
    const view = toView({ record, stale: false, staleReason: null }, CONFIG);
    expect(JSON.stringify(view)).toBe(
      JSON.stringify({
        account: "acme",
        status: "low",
        currency: "USD",
        available: "3.00",
        low_below: CONFIG.LOW_BALANCE_USD,
        blocked: null,
        pay_as_you_go: null,
        monthly: { remaining: "1.00", allowance: null, units: null, refreshes_at: null },
        prepaid: { remaining: "2.00", units: null, cash: null },
        total_due: null,
        plan: null,
        updated_at: "2026-11-20T18:22:41Z",
        as_of: "2026-11-23T10:00:00Z",
        stale: false,
        stale_reason: null,
      }),
    );
  });

  test.each([
    "revalidating",
    "upstream_unavailable",
    "upstream_rejected",
    "upstream_invalid",
  ] as const)("stale because %s", (staleReason) => {
    const view = toView({ record, stale: true, staleReason }, CONFIG);
    expect(view).toMatchObject({ stale: true, stale_reason: staleReason });
  });
});
