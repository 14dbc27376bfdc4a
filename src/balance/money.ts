import Big from "big.js";

/** USD as a canonical decimal string: no exponent, no padding, at least two fraction digits. */
export type Money = string;

/** A JSON number kept as the text it was written in: a double would already have rounded it. */
export class JsonNumber {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

/** No account's balance reaches this; beyond it a value is garbage, not money. */
const MAX_INTEGER_DIGITS = 15;
/** Room for the residue of another's double arithmetic, such as `-5.684341886080802e-14`. */
const MAX_FRACTION_DIGITS = 40;
const DECIMAL = /^-?\d{1,34}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,2})?$/;

/**
 * Reads money as Zoo sends it: a decimal string (`"58.93"`) or a JSON number (`58.93`).
 *
 * @returns the exact canonical decimal, or `null` when it is not one (or beyond 15 integer or
 *   40 fraction digits)
 */
export function readMoney(value: unknown): Money | null {
  const text = value instanceof JsonNumber ? value.source : value;
  if (typeof text !== "string" || !DECIMAL.test(text)) return null;
  const amount = new Big(text);
  if (amount.e >= MAX_INTEGER_DIGITS) return null;
  if (amount.c.length - amount.e - 1 > MAX_FRACTION_DIGITS) return null;
  return format(amount);
}

/** Exact sum. Both arguments are canonical (from {@link readMoney}). */
export function addMoney(a: Money, b: Money): Money {
  return format(new Big(a).plus(b));
}

/** -1, 0 or 1, as `a` is less than, equal to or more than `b`. */
export function compareMoney(a: Money, b: Money): -1 | 0 | 1 {
  return new Big(a).cmp(b);
}

function format(amount: Big): Money {
  const fractionDigits = Math.max(2, amount.c.length - amount.e - 1);
  const text = amount.toFixed(fractionDigits);
  return amount.eq(0) && text.startsWith("-") ? text.slice(1) : text;
}
