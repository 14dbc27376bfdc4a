/**
 * The tolerant reader of Zoo's balance body, all generations of it.
 *
 * Guarantee: what comes out is an allow-list. `subscription_details` may hold a payment secret, so
 * nothing is copied that is not named here. An unreadable optional part becomes `null` and is
 * reported as drift (names and types, never values); unreadable money or `updated_at` rejects the body.
 */

import type { Balance, Plan } from "../balance/record.ts";
import type { Fields } from "../lib/json.ts";
import type { Drift } from "../lib/log.ts";
import { addMoney, JsonNumber, readMoney } from "../lib/money.ts";
import { readTime } from "./time.ts";

export type ReadBody =
  | { readonly ok: true; readonly balance: Balance; readonly drift: readonly Drift[] }
  | { readonly ok: false; readonly drift: readonly Drift[] };

const MAX_WORD_CHARS = 64;
const MAX_TITLE_CHARS = 256;
/** Reads one value; `null` when it is unreadable. */
type Read<T> = (value: unknown) => T | null;

/** @param text the response body, as Zoo sent it */
export function readZooBody(text: string): ReadBody {
  let body: unknown;
  try {
    body = parseJson(text);
  } catch {
    return { ok: false, drift: [{ field: "(body)", type: "not JSON" }] };
  }
  const fields = asFields(body);
  return fields === null
    ? { ok: false, drift: [{ field: "(body)", type: typeName(body) }] }
    : readBalance(fields);
}

function readBalance(body: Fields): ReadBody {
  const drift: Drift[] = [];
  const must = <T>(from: Fields, field: string, read: Read<T>, path = ""): T | null => {
    const value = read(from[field]);
    if (value === null) drift.push({ field: path + field, type: typeName(from[field]) });
    return value;
  };
  const may: typeof must = (from, field, read, path) =>
    isAbsent(from[field]) ? null : must(from, field, read, path);

  const monthly = must(
    body,
    newer(body, "monthly_api_credits_remaining_monetary_value", "monthly_credits_remaining"),
    readMoney,
  );
  const prepaid = must(
    body,
    newer(body, "stable_api_credits_remaining_monetary_value", "pre_pay_credits_remaining"),
    readMoney,
  );
  const updated_at = must(body, "updated_at", readTime);
  if (monthly === null || prepaid === null || updated_at === null) return { ok: false, drift };

  const subscription = may(body, "subscription_details", asFields);
  const tier =
    subscription && must(subscription, "modeling_app", asFields, "subscription_details.");
  const balance: Balance = {
    available: addMoney(monthly, prepaid),
    monthly: {
      remaining: monthly,
      allowance: tier && may(tier, newer(tier, ...ALLOWANCE), readMoney, TIER),
      units: may(body, "monthly_api_credits_remaining", readUnits),
      refreshes_at: may(body, "monthly_api_credits_refresh_at", readTime),
    },
    prepaid: {
      remaining: prepaid,
      units: may(body, "stable_api_credits_remaining", readUnits),
      cash: may(body, "pre_pay_cash_remaining", readMoney),
    },
    total_due: may(body, "total_due", readMoney),
    plan: tier && readPlan(tier, must, may),
    updated_at,
  };
  return { ok: true, balance, drift };
}

const TIER = "subscription_details.modeling_app.";
const ALLOWANCE = [
  "monthly_pay_as_you_go_api_credits_monetary_value",
  "pay_as_you_go_credits",
] as const;

type ReadField = <T>(from: Fields, field: string, read: Read<T>, path?: string) => T | null;

/** A plan needs its name and its kind of pricing; every other member may be missing. */
function readPlan(tier: Fields, must: ReadField, may: ReadField): Plan | null {
  const name = must(tier, "name", readTitle, TIER);
  const price = must(tier, "price", asFields, TIER);
  const pricing = price && must(price, "type", readWord, `${TIER}price.`);
  if (name === null || price === null || pricing === null) return null;
  return {
    name,
    title: may(tier, "display_name", readTitle, TIER) || name,
    pricing: pricing === "enterprise" ? "contract" : pricing,
    price: may(price, "price", readMoney, `${TIER}price.`),
    interval: may(price, "interval", readWord, `${TIER}price.`),
    support: may(tier, "support_tier", readWord, TIER),
  };
}

/** The field's name; its name in an older generation where the body has only that one. */
function newer(from: Fields, field: string, older: string): string {
  return isAbsent(from[field]) && from[older] !== undefined ? older : field;
}

/** Units are `uint64` upstream; a number that a JavaScript client could not hold exactly is unreadable. */
const readUnits: Read<number> = (value) => {
  const whole = value instanceof JsonNumber && /^\d+(?:\.0+)?$/.test(value.source);
  const count = whole ? Number(value.source) : Number.NaN;
  return Number.isSafeInteger(count) ? count : null;
};

const textTo =
  (maxChars: number): Read<string> =>
  (value) =>
    typeof value === "string" && value.length <= maxChars ? value : null;
const readWord = textTo(MAX_WORD_CHARS);
const readTitle = textTo(MAX_TITLE_CHARS);

/** `context.source` is the JSON.parse source text proposal, which workerd has and TypeScript's lib has not. */
type SourceReviver = (key: string, value: unknown, context: { source?: string }) => unknown;

function parseJson(text: string): unknown {
  const keepNumbers: SourceReviver = (_key, value, { source }) =>
    typeof value === "number" ? new JsonNumber(source ?? String(value)) : value;
  return JSON.parse(text, keepNumbers as (key: string, value: unknown) => unknown);
}

const isAbsent = (value: unknown) => value === undefined || value === null;

const asFields: Read<Fields> = (value) => {
  const isFields = typeof value === "object" && !Array.isArray(value);
  return isFields && !(value instanceof JsonNumber) ? (value as Fields | null) : null;
};

function typeName(value: unknown): string {
  if (value === undefined) return "absent";
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return value instanceof JsonNumber ? "number" : typeof value;
}
