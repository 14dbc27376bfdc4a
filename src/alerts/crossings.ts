/** What is worth telling: a threshold crossed, once, however often the value wobbles around it. Pure decisions. */
import * as z from "zod/mini";
import { compareMoney, type Money, moneyOf, unitsOf, ZERO } from "../lib/money.ts";

/** What has been told and is not over yet. */
export const toldSchema = z.strictObject({
  /** Thresholds that the balance is below. */
  low: z.array(z.string()),
  exhausted: z.boolean(),
  rejected: z.boolean(),
});
export type Told = z.infer<typeof toldSchema>;

export const NOTHING_TOLD: Told = { low: [], exhausted: false, rejected: false };

export interface AlertEvent {
  readonly type:
    | "balance.low"
    | "balance.exhausted"
    | "balance.recovered"
    | "upstream.rejected"
    | "upstream.recovered";
  /** USD; the one that was crossed, null where there is none. */
  readonly threshold: Money | null;
  /** USD; null when it is not known. */
  readonly available: Money | null;
}

export interface Decision {
  readonly told: Told;
  readonly events: readonly AlertEvent[];
}

/**
 * After a value from Zoo.
 *
 * @param thresholds canonical amounts
 */
export function afterValue(told: Told, available: Money, thresholds: readonly Money[]): Decision {
  const events: AlertEvent[] = [];
  const tell = (type: AlertEvent["type"], threshold: Money | null) =>
    events.push({ type, threshold, available });
  if (told.rejected) tell("upstream.recovered", null);

  const falling = [...thresholds].sort((a, b) => compareMoney(b, a));
  const low: Money[] = [];
  const over: Money[] = [];
  for (const threshold of falling) {
    const known = told.low.includes(threshold);
    if (compareMoney(available, known ? recoveredAt(threshold) : threshold) < 0) {
      low.push(threshold);
      if (!known) tell("balance.low", threshold);
    } else if (known) over.push(threshold);
  }
  // Nothing is left until the lowest threshold is over; without any, until there is something.
  const lowest = falling.at(-1);
  const empty = compareMoney(available, ZERO) <= 0;
  const still = told.exhausted && (lowest === undefined ? empty : low.includes(lowest));
  const exhausted = empty || still;
  if (exhausted && !told.exhausted) tell("balance.exhausted", null);
  if (told.exhausted && !exhausted && lowest === undefined) tell("balance.recovered", null);
  for (const threshold of over.reverse()) tell("balance.recovered", threshold);
  return { told: { low, exhausted, rejected: false }, events };
}

/** After an attempt at Zoo that came to nothing. */
export function afterFailure(told: Told, reason: string): Decision {
  if (told.rejected || reason !== "upstream_rejected") return { told, events: [] };
  const event = { type: "upstream.rejected", threshold: null, available: null } as const;
  return { told: { ...told, rejected: true }, events: [event] };
}

/** 10 % above. */
function recoveredAt(threshold: Money): Money {
  const scale = threshold.length - threshold.indexOf(".");
  return moneyOf(unitsOf(threshold, scale) + unitsOf(threshold, scale - 1), scale);
}
