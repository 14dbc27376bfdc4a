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
export const WINDOW_MS = 7 * DAY_MS;
/** Of the amounts that are added and divided: no amount of Zoo's has more digits. */
const SCALE = 40;
/** Of `spend_per_day`, rounded half up. */
const SHOWN_SCALE = 4;
/** The year 9999: what lasts longer lasts until then. */
const LATEST = 253_402_300_799_000;

interface Fall {
  readonly at: number;
  /** In units of 10^-{@link SCALE}. */
  readonly units: bigint;
}

/**
 * The falls of the last 7 days and their sum, kept up to date value by value: a forecast costs the same
 * whatever the number of points. Rises (a monthly refresh, a top-up) are no negative spending: they are
 * left out.
 */
export class SpendWindow {
  readonly #falls: Fall[] = [];
  #fallen = 0n;
  #firstAt: number | null = null;
  #last: { readonly at: number; readonly units: bigint } | null = null;

  /** The time of the newest value, epoch milliseconds; null before the first. */
  get lastAt(): number | null {
    return this.#last?.at ?? null;
  }

  /** @param level newer than all before it; it holds until the next one */
  add({ at, available }: Level): void {
    const units = unitsOf(available, SCALE);
    this.#firstAt ??= at;
    const fall = this.#last === null ? 0n : this.#last.units - units;
    if (fall > 0n) {
      this.#falls.push({ at, units: fall });
      this.#fallen += fall;
    }
    this.#last = { at, units };
  }

  /** The mean fall over the last 7 days, or for as long as there is history. */
  forecast(now: number): Forecast {
    if (this.#firstAt === null || this.#last === null || now - this.#firstAt < DAY_MS) {
      return none("not_enough_history");
    }
    const from = Math.max(this.#firstAt, now - WINDOW_MS);
    for (
      let [oldest] = this.#falls;
      oldest !== undefined && oldest.at <= from;
      [oldest] = this.#falls
    ) {
      this.#fallen -= oldest.units;
      this.#falls.shift();
    }
    const fallen = this.#fallen;
    if (fallen === 0n) return none("not_spending");
    const available = this.#last.units;
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
}

/** @param levels oldest first, from the last one before the 7 days on, if there is one */
export function forecast(levels: readonly Level[], now: number): Forecast {
  const window = new SpendWindow();
  for (const level of levels) window.add(level);
  return window.forecast(now);
}

const none = (forecast_reason: "not_enough_history" | "not_spending") => ({
  spend_per_day: null,
  lasts_until: null,
  forecast_reason,
});

/** @param digits how many to drop as well */
function divideRounded(dividend: bigint, divisor: bigint, digits: number): bigint {
  const whole = divisor * 10n ** BigInt(digits);
  return (dividend * 2n + whole) / (whole * 2n);
}
