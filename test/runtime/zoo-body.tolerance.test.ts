import { describe, expect, test } from "vitest";
import { type ReadBody, readZooBody } from "../../src/zoo/body.ts";
import { balanceBody, PAYMENT_SECRET } from "../zoo/bodies.ts";

type Fields = Record<string, unknown>;
const CANARY = "canary_value_that_drift_must_not_name";
const TIER = "subscription_details.modeling_app";

function read(change: Fields): ReadBody {
  return readZooBody(JSON.stringify({ ...balanceBody("2026-08"), ...change }));
}

/** The 2026-08 body with its tier changed. */
function readTier(change: Fields): ReadBody {
  const details = balanceBody("2026-08").subscription_details as { modeling_app: Fields };
  const modeling_app = { ...details.modeling_app, ...change };
  return read({ subscription_details: { ...details, modeling_app } });
}

function balance(result: ReadBody) {
  if (!result.ok) throw new Error(`rejected: ${JSON.stringify(result.drift)}`);
  return result.balance;
}

const MINIMAL =
  '"stable_api_credits_remaining_monetary_value":1,"updated_at":"2026-01-01T00:00:00Z"';
const withMonthly = (json: string) =>
  `{"monthly_api_credits_remaining_monetary_value":${json},${MINIMAL}}`;

describe("numbers", () => {
  test.each([
    ["58.930000000000000001", "58.930000000000000001"],
    ["900719925474099.3", "900719925474099.30"],
    ["1e2", "100.00"],
    ["-0.0", "0.00"],
    ["-3.5", "-3.50"],
    ['"58.9"', "58.90"],
  ])("%s stays exact", (json, money) => {
    expect(balance(readZooBody(withMonthly(json))).monthly.remaining).toBe(money);
  });

  test("the residue of Zoo's own double arithmetic does not reject the body", () => {
    const residue = JSON.stringify(0.1 + 0.2 - 0.3); // 5.551115123125783e-17
    expect(readZooBody(withMonthly(residue)).ok).toBe(true);
  });

  test.each([
    "1e400",
    "9".repeat(400),
    "null",
    "[]",
    "{}",
    "true",
    '"1,5"',
    '"NaN"',
    '""',
    '"1e400"',
  ])("monthly credits of %s reject the body, naming the field", (json) => {
    const result = readZooBody(withMonthly(json));
    expect(result.ok).toBe(false);
    expect(result.drift.map((d) => d.field)).toEqual([
      "monthly_api_credits_remaining_monetary_value",
    ]);
  });
});

describe("words", () => {
  test("unknown ones pass", () => {
    const price = { type: "barter", interval: "fortnight", price: "1" };
    const result = readTier({ name: "x".repeat(64), support_tier: "telepathy", price });
    expect(result.drift).toEqual([]);
    expect(balance(result).plan).toMatchObject({
      name: "x".repeat(64),
      pricing: "barter",
      interval: "fortnight",
      support: "telepathy",
    });
  });

  test.each([
    ["name of 257", { name: "x".repeat(257) }, `${TIER}.name`],
    ["pricing of 65", { price: { type: "x".repeat(65) } }, `${TIER}.price.type`],
  ])("a %s characters: no plan, and drift", (_, change, field) => {
    const result = readTier(change);
    expect(balance(result).plan).toBeNull();
    expect(result.drift).toEqual([{ field, type: "string" }]);
  });

  test.each([
    ["support", { support_tier: "x".repeat(65) }, `${TIER}.support_tier`],
    ["price", { price: { type: "contract", price: CANARY } }, `${TIER}.price.price`],
    ["interval", { price: { type: "contract", interval: 1 } }, `${TIER}.price.interval`],
    ["title", { display_name: "x".repeat(257) }, `${TIER}.display_name`],
  ])(
    "an unreadable %s leaves the rest of the plan, which decides the status",
    (_, change, field) => {
      const result = readTier({ price: { type: "contract" }, ...change });
      const { plan } = balance(result);
      expect(plan).toMatchObject({ name: "pro_2026", pricing: "contract" });
      expect(plan?.title).toBe(field.endsWith("display_name") ? "pro_2026" : "Pro");
      expect(result.drift.map((d) => d.field)).toEqual([field]);
    },
  );

  test("a long name, which the schema allows, is a name", () => {
    expect(balance(readTier({ name: "x".repeat(100) })).plan?.name).toHaveLength(100);
  });

  test.each(["", null, undefined])("without a display name (%o) the name is the title", (value) => {
    expect(balance(readTier({ display_name: value })).plan?.title).toBe("pro_2026");
  });

  test.each(["enterprise", "contract"])("pricing %s is contract", (type) => {
    expect(balance(readTier({ price: { type } })).plan?.pricing).toBe("contract");
  });
});

describe("an unreadable optional part is null, and drift without the value", () => {
  test.each<[string, Fields, string, string]>([
    ["due", { total_due: CANARY }, "total_due", "string"],
    ["due", { total_due: [CANARY] }, "total_due", "array"],
    [
      "refresh",
      { monthly_api_credits_refresh_at: CANARY },
      "monthly_api_credits_refresh_at",
      "string",
    ],
    ["units", { stable_api_credits_remaining: CANARY }, "stable_api_credits_remaining", "string"],
    ["units", { monthly_api_credits_remaining: -1 }, "monthly_api_credits_remaining", "number"],
    ["units", { monthly_api_credits_remaining: 1.5 }, "monthly_api_credits_remaining", "number"],
    ["cash", { pre_pay_cash_remaining: { CANARY } }, "pre_pay_cash_remaining", "object"],
    ["subscription", { subscription_details: CANARY }, "subscription_details", "string"],
    ["subscription", { subscription_details: 7 }, "subscription_details", "number"],
    ["tier", { subscription_details: { modeling_app: [CANARY] } }, TIER, "array"],
  ])("%s %o", (_, change, field, type) => {
    const result = read(change);
    expect(result.ok).toBe(true);
    expect(result.drift).toEqual([{ field, type }]);
    expect(JSON.stringify(result)).not.toContain(CANARY);
    expect(JSON.stringify(result)).not.toContain(PAYMENT_SECRET);
  });

  test("a plan's unreadable price or allowance, by its whole path", () => {
    const result = readTier({
      price: { type: "flat", price: CANARY },
      monthly_pay_as_you_go_api_credits_monetary_value: CANARY,
    });
    expect(result.drift.toSorted((a, b) => a.field.localeCompare(b.field))).toEqual([
      { field: `${TIER}.monthly_pay_as_you_go_api_credits_monetary_value`, type: "string" },
      { field: `${TIER}.price.price`, type: "string" },
    ]);
    expect(balance(result)).toMatchObject({ plan: { price: null }, monthly: { allowance: null } });
    expect(JSON.stringify(result)).not.toContain(CANARY);
  });

  test.each(["9999-12-31T23:59:59-01:00", "0000-01-01T00:00:00+14:00"])(
    "a refresh time beyond four-digit years (%s)",
    (at) => {
      const result = read({ monthly_api_credits_refresh_at: at });
      expect(balance(result).monthly.refreshes_at).toBeNull();
      expect(result.drift).toEqual([{ field: "monthly_api_credits_refresh_at", type: "string" }]);
    },
  );
});

test.each([
  undefined,
  null,
  0,
  "",
  CANARY,
  "2026-13-01T00:00:00Z",
  "2026-02-30T00:00:00Z",
  "2025-02-29T00:00:00Z",
  "2026-04-31T00:00:00Z",
  "2026-01-01T24:00:01Z",
  "2026-01-01T24:01Z",
  "2026-01-01T10Z",
  "2026-01-01T10:00:00 CET",
  "2026-01-01T00:60:00Z",
  "2026-01-01T00:00:61Z",
  "2026-01-01T00:00:00+99:00",
  "2026-01-01",
  "yesterday",
])("updated_at %o rejects the body", (value) => {
  const result = read({ updated_at: value });
  expect(result.ok).toBe(false);
  expect(result.drift.map((d) => d.field)).toEqual(["updated_at"]);
  expect(JSON.stringify(result)).not.toContain(CANARY);
});

test.each([
  ["2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"],
  ["2024-02-29T00:00:00z", "2024-02-29T00:00:00Z"],
  ["0049-01-01 00:00:00.5Z", "0049-01-01T00:00:00Z"],
  ["2026-01-01t01:30:00.123456789+02:00", "2025-12-31T23:30:00Z"],
  ["2026-01-01T24:00:00Z", "2026-01-02T00:00:00Z"],
  ["2026-12-31 24:00:00+01:00", "2026-12-31T23:00:00Z"],
  ["2026-01-01T10:00:00+0000", "2026-01-01T10:00:00Z"],
  ["2026-01-01T10:00:00-0130", "2026-01-01T11:30:00Z"],
  ["2026-01-01 10:00:00 UTC", "2026-01-01T10:00:00Z"],
  ["2026-01-01T10:00Z", "2026-01-01T10:00:00Z"],
  ["2026-01-01T10:00:00", "2026-01-01T10:00:00Z"],
  ["2026-01-01 10:00:00.123456", "2026-01-01T10:00:00Z"],
  ["2026-01-01 10:00", "2026-01-01T10:00:00Z"],
])("updated_at %s is %s", (updated_at, expected) => {
  expect(balance(read({ updated_at })).updated_at).toBe(expected);
});

test("null in the newer field does not hide the older one", () => {
  const newer = "stable_api_credits_remaining_monetary_value";
  expect(balance(read({ [newer]: null, pre_pay_credits_remaining: "7" })).prepaid.remaining).toBe(
    "7.00",
  );
  expect(read({ [newer]: null })).toMatchObject({
    ok: false,
    drift: [{ field: newer, type: "null" }],
  });
});

test.each(["", " ", "null", "5", '"text"', "true", "[]", "NaN", "{", "<html></html>", "\u0000"])(
  "%o is no balance",
  (text) => {
    expect(readZooBody(text).ok).toBe(false);
  },
);

test.each(["[", '{"a":', '{"updated_at":'])("100,000 levels of %s are rejected", (open) => {
  const close = open === "[" ? "]" : "}";
  expect(readZooBody(open.repeat(100_000)).ok).toBe(false);
  expect(readZooBody(`${open.repeat(100_000)}1${close.repeat(100_000)}`).ok).toBe(false);
});

test("of duplicate keys the last counts, exactly", () => {
  const name = "monthly_api_credits_remaining_monetary_value";
  const text = `{"${name}":"1","${name}":2.000000000000000001,${MINIMAL}}`;
  expect(balance(readZooBody(text)).monthly.remaining).toBe("2.000000000000000001");
});

describe("prototype names", () => {
  test("are harmless", () => {
    const text = withMonthly('1,"__proto__":{"total_due":5},"constructor":1,"toString":2');
    expect(balance(readZooBody(text)).total_due).toBeNull();
    expect(Reflect.get({}, "total_due")).toBeUndefined();
  });

  test("cannot stand in for required money", () => {
    const text = `{"__proto__":{"monthly_api_credits_remaining_monetary_value":1},${MINIMAL}}`;
    expect(readZooBody(text).ok).toBe(false);
  });
});
