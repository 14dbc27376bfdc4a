/** How fast the balance falls, and until when it lasts. Exact: decimals are whole numbers of a small unit. */
import { type Money, moneyOf, unitsOf } from "../lib/money.ts";

/** What is known of a moment, as far as the forecast needs it. */
export interface Level {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly available: Money;
}

export type Forecast =
  | {
      readonly spend_per_day: Money;
      /** Epoch milliseconds. */
      readonly lasts_until: number;
      readonly forecast_reason: null;
    }
  | {
      readonly spend_per_day: null;
      readonly lasts_until: null;
      readonly forecast_reason: "not_enough_history" | "not_spending";
    };

const DAY_MS = 86_400_000;
const WINDOW_MS = 7 * DAY_MS;
/** Of the amounts that are added and divided: beyond any that Zoo has. */
const SCALE = 40;
/** Of `spend_per_day`, rounded half up. */
const SHOWN_SCALE = 4;
/** The year 9999: what lasts longer lasts until then. */
const LATEST = 253_402_300_799_000;

/**
 * The mean fall of `available` over the last 7 days, or as long as there is history. Rises (a monthly
 * refresh, a top-up) are no negative spending: they are left out.
 *
 * @param levels oldest first; each holds until the next one
 */
export function forecast(levels: readonly Level[], now: number): Forecast {
  const [first] = levels;
  const last = levels.at(-1);
  if (first === undefined || last === undefined || now - first.at < DAY_MS) {
    return none("not_enough_history");
  }
  const from = Math.max(first.at, now - WINDOW_MS);
  let fallen = 0n;
  for (const [n, level] of levels.entries()) {
    const before = levels[n - 1];
    if (before === undefined || level.at <= from) continue;
    const fall = unitsOf(before.available, SCALE) - unitsOf(level.available, SCALE);
    if (fall > 0n) fallen += fall;
  }
  if (fallen === 0n) return none("not_spending");
  const available = unitsOf(last.available, SCALE);
  const elapsed = BigInt(now - from);
  const left = available > 0n ? (available * elapsed) / fallen : 0n;
  return {
    spend_per_day: moneyOf(
      divideRounded(fallen * BigInt(DAY_MS), elapsed, SCALE - SHOWN_SCALE),
      SHOWN_SCALE,
    ),
    lasts_until: Math.min(LATEST, now + Number(left)),
    forecast_reason: null,
  };
}

const none = (forecast_reason: "not_enough_history" | "not_spending") => ({
  spend_per_day: null,
  lasts_until: null,
  forecast_reason,
});

/** @param digits how many to drop beside */
function divideRounded(dividend: bigint, divisor: bigint, digits: number): bigint {
  const whole = divisor * 10n ** BigInt(digits);
  return (dividend * 2n + whole) / (whole * 2n);
}
