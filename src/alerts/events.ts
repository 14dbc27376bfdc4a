/** The events that receivers are told of, and what has been told and is not over yet. */
import * as z from "zod/mini";
import { money } from "../balance/record.ts";
import type { Money } from "../lib/money.ts";

interface Amounts {
  /** USD; the one that was crossed, null where there is none. */
  readonly threshold: Money | null;
  /** USD; null when it is not known. */
  readonly available: Money | null;
}

/** Every member but `type` becomes part of the message's `data`. */
export type AlertEvent =
  | (Amounts & {
      readonly type:
        | "balance.low"
        | "balance.exhausted"
        | "balance.recovered"
        | "account.unblocked"
        | "upstream.rejected"
        | "upstream.recovered"
        | "upstream.stale"
        | "upstream.fresh";
    })
  | (Amounts & {
      readonly type: "balance.runs_out";
      /** The configured number of days that the forecast fell below, as text. */
      readonly days: string;
      /** UTC. */
      readonly lasts_until: string;
    })
  | (Amounts & {
      readonly type: "balance.topped_up";
      /** USD: the rise that a monthly refresh does not explain. */
      readonly amount: Money;
    })
  | (Amounts & {
      readonly type: "account.blocked";
      /** Zoo's word for why it refuses the account's calls. */
      readonly blocked: string;
    });

/** As it is stored. Members that may be absent were added later. */
export const toldSchema = z.strictObject({
  /** Thresholds that the balance is below. */
  low: z.array(z.string()),
  exhausted: z.boolean(),
  rejected: z.boolean(),
  stale: z.optional(z.boolean()),
  blocked: z.optional(z.boolean()),
  /** Numbers of days that the forecast is below. */
  runs_out: z.optional(z.array(z.number())),
  /** The last top-up, while the balance stays at one of its ends. */
  topped_up: z.optional(z.nullable(z.strictObject({ from: money, to: money }))),
});

/** What one receiver has been told and what is not over yet. */
export type Told = ReturnType<typeof toldOf>;

export function toldOf({
  stale = false,
  blocked = false,
  runs_out = [],
  topped_up = null,
  ...rest
}: z.infer<typeof toldSchema>) {
  return { ...rest, stale, blocked, runs_out, topped_up };
}

export const NOTHING_TOLD: Told = toldOf({ low: [], exhausted: false, rejected: false });

/** What to tell a receiver, and what it has been told then. */
export interface Decision {
  readonly told: Told;
  readonly events: readonly AlertEvent[];
}
