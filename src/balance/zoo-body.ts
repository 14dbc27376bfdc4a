/**
 * The tolerant reader of Zoo's balance body, all generations of it.
 *
 * Guarantee: what comes out is an allow-list. `subscription_details` may hold a payment secret, so
 * nothing is copied that is not named here. An unreadable optional part becomes `null` and is
 * reported as drift (names and types, never values); unreadable money or `updated_at` rejects the body.
 */
import { addMoney, JsonNumber, type Money, readMoney } from "./money.ts";
import type { Balance, Plan } from "./record.ts";

/** One field that was not of the expected type. Never holds the value. */
export interface Drift {
  readonly field: string;
  readonly type: string;
}

export type ReadBody =
  | { readonly ok: true; readonly balance: Balance; readonly drift: readonly Drift[] }
  | { readonly ok: false; readonly drift: readonly Drift[] };

type Fields = Readonly<Record<string, unknown>>;

const MAX_WORD_CHARS = 64;
const MAX_TITLE_CHARS = 256;
/** RFC 3339, section 5.6; the second 60 is a leap second. */
const RFC3339 =
  /^(\d{4}-\d{2}-\d{2})[Tt ]((?:[01]\d|2[0-3]):[0-5]\d):([0-5]\d|60)(?:\.\d{1,12})?([Zz]|[+-]\d{2}:\d{2})$/;

const ISO_LENGTH = "2026-11-23T10:00:00.000Z".length;

class Unreadable extends Error {
  readonly drift: Drift;
  constructor(field: string, value: unknown) {
    super("unreadable");
    this.drift = { field, type: typeName(value) };
  }
}

/** @param text the response body, as Zoo sent it */
export function readZooBody(text: string): ReadBody {
  let body: unknown;
  try {
    body = parseJson(text);
  } catch {
    return { ok: false, drift: [{ field: "(body)", type: "not JSON" }] };
  }
  if (!isFields(body)) return { ok: false, drift: [{ field: "(body)", type: typeName(body) }] };
  return readFields(body);
}

/** Reads what may be missing: `null` and a note of drift when it is unreadable. */
type Optional = <T>(read: () => T) => T | null;

function readFields(body: Fields): ReadBody {
  const drift: Drift[] = [];
  const required: Drift[] = [];
  const optional: Optional = (read) => attempt(read, drift);
  const must = <T>(read: () => T): T | null => attempt(read, required);

  const monthly = must(() =>
    money(body, "monthly_api_credits_remaining_monetary_value", "monthly_credits_remaining"),
  );
  const prepaid = must(() =>
    money(body, "stable_api_credits_remaining_monetary_value", "pre_pay_credits_remaining"),
  );
  const updatedAt = must(() => time(body, "updated_at"));
  if (monthly === null || prepaid === null || updatedAt === null) {
    return { ok: false, drift: required };
  }

  const tier = optional(() => subscribedTier(body));
  const balance: Balance = {
    available: addMoney(monthly, prepaid),
    monthly: {
      remaining: monthly,
      allowance: tier && optional(() => allowance(tier)),
      units: optional(() => units(body, "monthly_api_credits_remaining")),
      refreshes_at: optional(() => nullable(body, "monthly_api_credits_refresh_at", time)),
    },
    prepaid: {
      remaining: prepaid,
      units: optional(() => units(body, "stable_api_credits_remaining")),
      cash: optional(() => nullable(body, "pre_pay_cash_remaining", money)),
    },
    total_due: optional(() => nullable(body, "total_due", money)),
    plan: tier && optional(() => plan(tier, optional)),
    updated_at: updatedAt,
  };
  return { ok: true, balance, drift };
}

const TIER = "subscription_details.modeling_app";

function subscribedTier(body: Fields): Fields | null {
  const details = body.subscription_details;
  if (details === undefined || details === null) return null;
  if (!isFields(details)) throw new Unreadable("subscription_details", details);
  const tier = details.modeling_app;
  if (!isFields(tier)) throw new Unreadable(TIER, tier);
  return tier;
}

function allowance(tier: Fields): Money | null {
  const name = "monthly_pay_as_you_go_api_credits_monetary_value";
  const field = tier[name] === undefined ? "pay_as_you_go_credits" : name;
  return nullable(tier, field, money, TIER);
}

/** Name and kind of pricing make a plan; the rest may be missing from it one by one. */
function plan(tier: Fields, optional: Optional): Plan {
  const name = text(tier.name, `${TIER}.name`, MAX_TITLE_CHARS);
  const price = tier.price;
  if (!isFields(price)) throw new Unreadable(`${TIER}.price`, price);
  const pricing = word(price.type, `${TIER}.price.type`);
  const title = optional(() =>
    nullable(tier, "display_name", (from, key) => text(from[key], key, MAX_TITLE_CHARS), TIER),
  );
  return {
    name,
    title: title === null || title === "" ? name : title,
    pricing: pricing === "enterprise" ? "contract" : pricing,
    price: optional(() => nullable(price, "price", money, `${TIER}.price`)),
    interval: optional(() => nullable(price, "interval", wordOf, `${TIER}.price`)),
    support: optional(() => nullable(tier, "support_tier", wordOf, TIER)),
  };
}

function money(from: Fields, field: string, olderName = field): Money {
  const absent = from[field] === undefined || from[field] === null;
  const name = absent && from[olderName] !== undefined ? olderName : field;
  const amount = readMoney(from[name]);
  if (amount === null) throw new Unreadable(name, from[name]);
  return amount;
}

/** Units are `uint64` upstream; one that a JavaScript client could not hold exactly is unreadable. */
function units(from: Fields, field: string): number | null {
  const value = from[field];
  if (value === undefined || value === null) return null;
  const whole = value instanceof JsonNumber && /^\d+(?:\.0+)?$/.test(value.source);
  const count = whole ? Number(value.source) : Number.NaN;
  if (!Number.isSafeInteger(count)) throw new Unreadable(field, value);
  return count;
}

function time(from: Fields, field: string): string {
  const value = from[field];
  const text = typeof value === "string" ? toIso(value) : "";
  // An offset can move a time out of the years that four digits can write.
  if (text.length !== ISO_LENGTH) throw new Unreadable(field, value);
  return `${text.slice(0, 19)}Z`;
}

/** UTC, or something of another length than such a time when there is no such moment. */
function toIso(text: string): string {
  const [, day = "", minute = "", second = "", zone = ""] = RFC3339.exec(text) ?? [];
  const midnight = Date.parse(`${day}T00:00:00Z`);
  // Date.parse moves a day that its month does not have into the next month.
  if (Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(day)) return "";
  // A leap second, which Date cannot hold, is the second before it.
  const shown = second === "60" ? "59" : second;
  const ms = Date.parse(`${day}T${minute}:${shown}${zone.toUpperCase()}`);
  return Number.isNaN(ms) ? "" : new Date(ms).toISOString();
}

const wordOf = (from: Fields, field: string) => word(from[field], field);

function word(value: unknown, field: string): string {
  return text(value, field, MAX_WORD_CHARS);
}

function text(value: unknown, field: string, maxChars: number): string {
  if (typeof value !== "string" || value.length > maxChars) throw new Unreadable(field, value);
  return value;
}

function nullable<T>(
  from: Fields,
  field: string,
  read: (from: Fields, field: string) => T,
  path?: string,
): T | null {
  if (from[field] === undefined || from[field] === null) return null;
  try {
    return read(from, field);
  } catch (error) {
    throw path === undefined ? error : new Unreadable(`${path}.${field}`, from[field]);
  }
}

function attempt<T>(read: () => T, drift: Drift[]): T | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    drift.push(error.drift);
    return null;
  }
}

/** `context.source` is the JSON.parse source text proposal, which workerd has and TypeScript's lib has not. */
type SourceReviver = (key: string, value: unknown, context: { source?: string }) => unknown;

function parseJson(text: string): unknown {
  const keepNumbers: SourceReviver = (_key, value, { source }) =>
    typeof value === "number" ? new JsonNumber(source ?? String(value)) : value;
  return JSON.parse(text, keepNumbers as (key: string, value: unknown) => unknown);
}

function isFields(value: unknown): value is Fields {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof JsonNumber)
  );
}

function typeName(value: unknown): string {
  if (value === undefined) return "absent";
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return value instanceof JsonNumber ? "number" : typeof value;
}
