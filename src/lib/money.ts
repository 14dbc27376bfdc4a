/** Exact decimal arithmetic on BigInt: digits and a scale, never a double. */

import type { $brand } from "zod/mini";

/**
 * USD as a canonical decimal string: no exponent, no padding, at least two fraction digits. Branded, so
 * that text becomes money only by {@link readMoney}, {@link isMoney}, a schema or the arithmetic here.
 */
export type Money = string & $brand<"Money">;

/** A JSON number kept as the text it was written in: a double would already have rounded it. */
export class JsonNumber {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

/** No real balance is larger: a longer value is not money. */
const MAX_INTEGER_DIGITS = 15;
/** Accepts rounding residues of floating-point arithmetic upstream, such as `-5.684341886080802e-14`. */
const MAX_FRACTION_DIGITS = 40;
const DECIMAL = /^(-?\d{1,34})(?:\.(\d{1,40}))?(?:[eE]([+-]?\d{1,2}))?$/;

/**
 * Reads money as Zoo sends it: a decimal string (`"58.93"`) or a JSON number (`58.93`).
 *
 * @returns the exact canonical decimal, or `null` when it is not one (or beyond 15 integer or
 *   40 fraction digits)
 */
export function readMoney(value: unknown): Money | null {
  const text = value instanceof JsonNumber ? value.source : value;
  const match = typeof text === "string" ? DECIMAL.exec(text) : null;
  if (match === null) return null;
  const [, whole = "", fraction = "", exponent = "0"] = match;
  const money = moneyOf(BigInt(whole + fraction), fraction.length - Number(exponent));
  const [integer = "", rest = ""] = money.replace("-", "").split(".");
  return integer.length > MAX_INTEGER_DIGITS || rest.length > MAX_FRACTION_DIGITS ? null : money;
}

/** Whether this is money in its canonical form already. */
export function isMoney(value: unknown): value is Money {
  return typeof value === "string" && readMoney(value) === value;
}

/** Exact sum. Both arguments are canonical (from {@link readMoney}). */
export function addMoney(a: Money, b: Money): Money {
  const scale = Math.max(scaleOf(a), scaleOf(b));
  return moneyOf(unitsOf(a, scale) + unitsOf(b, scale), scale);
}

/** Exact difference. Both arguments are canonical. */
export function subtractMoney(a: Money, b: Money): Money {
  const scale = Math.max(scaleOf(a), scaleOf(b));
  return moneyOf(unitsOf(a, scale) - unitsOf(b, scale), scale);
}

/** -1, 0 or 1, as `a` is less than, equal to or more than `b`. */
export function compareMoney(a: Money, b: Money): -1 | 0 | 1 {
  const scale = Math.max(scaleOf(a), scaleOf(b));
  const difference = unitsOf(a, scale) - unitsOf(b, scale);
  if (difference === 0n) return 0;
  return difference < 0n ? -1 : 1;
}

export const scaleOf = (money: Money) => money.length - money.indexOf(".") - 1;

/** The amount in units of 10^-`scale`; `scale` must not be less than the amount's own. */
export function unitsOf(money: Money, scale: number): bigint {
  return BigInt(money.replace(".", "") + "0".repeat(scale - scaleOf(money)));
}

/** @param scale number of fraction digits; a negative one appends zeros */
export function moneyOf(units: bigint, scale: number): Money {
  const sign = units < 0n ? "-" : "";
  const digits = `${units}`.replace("-", "") + "0".repeat(Math.max(0, -scale));
  const padded = digits.padStart(Math.max(0, scale) + 1, "0");
  const point = padded.length - Math.max(0, scale);
  const fraction = padded.slice(point).replace(/0+$/, "").padEnd(2, "0");
  const integer = padded.slice(0, point).replace(/^0+(?=\d)/, "");
  // The only cast to Money: the text was just built in canonical form.
  return `${sign}${integer}.${fraction}` as Money;
}

export const ZERO = moneyOf(0n, 0);
