/** A top-up: the balance rose by more than a monthly refresh explains. Pure decisions. */
import type { Balance } from "../balance/record.ts";
import {
  compareMoney,
  type Money,
  moneyOf,
  scaleOf,
  subtractMoney,
  unitsOf,
  ZERO,
} from "../lib/money.ts";
import type { Told } from "./events.ts";

/** The amounts before, with which the next value is compared. */
export interface Before {
  readonly available: Money;
  readonly monthly: Money;
}

/** USD. A smaller rise is a correction by Zoo, such as the refund of a failed call. */
const SMALLEST = moneyOf(1n, 0);

interface TopUp {
  /** Null when there is none, or it has been told already. */
  readonly amount: Money | null;
  readonly told: Told["topped_up"];
}

/**
 * Hysteresis: after a top-up was told, a fall back to where it started and another rise to where it ended are
 * the same one, as when two of Zoo's replicas disagree. It is over once the balance was seen in between, that
 * is, when it is being spent, or outside.
 */
export function topUp(told: Told["topped_up"], before: Before | null, now: Balance): TopUp {
  const still = told !== null && isAtAnEnd(told, now.available) ? told : null;
  if (before === null) return { amount: null, told: still };
  const amount = unexplainedRise(before, now);
  if (compareMoney(amount, SMALLEST) < 0) return { amount: null, told: still };
  if (still !== null) return { amount: null, told: still };
  return { amount, told: { from: before.available, to: now.available } };
}

/** What rose beyond the monthly credits' way up to the allowance; zero or less when nothing did. */
function unexplainedRise(before: Before, { available, monthly }: Balance): Money {
  const { remaining, allowance } = monthly;
  const full = allowance ?? remaining;
  const refreshedTo = compareMoney(full, remaining) < 0 ? full : remaining;
  const refresh = subtractMoney(refreshedTo, before.monthly);
  const rise = subtractMoney(available, before.available);
  return compareMoney(refresh, ZERO) > 0 ? subtractMoney(rise, refresh) : rise;
}

/** Within a tenth of the rise, around its start or its end. */
function isAtAnEnd({ from, to }: { readonly from: Money; readonly to: Money }, available: Money) {
  const scale = Math.max(scaleOf(from), scaleOf(to), scaleOf(available)) + 1;
  const [low, high, now] = [from, to, available].map((amount) => unitsOf(amount, scale));
  if (low === undefined || high === undefined || now === undefined) return false;
  const tenth = (high - low) / 10n;
  const near = (end: bigint) => now >= end - tenth && now <= end + tenth;
  return near(low) || near(high);
}
