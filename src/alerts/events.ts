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

const flag = z._default(z.boolean(), false);

/** What one receiver has been told and what is not over yet. Members without a value are of an older version. */
export const toldSchema = z.strictObject({
  /** Thresholds that the balance is below. */
  low: z.array(z.string()),
  exhausted: z.boolean(),
  rejected: z.boolean(),
  stale: flag,
  blocked: flag,
  /** Numbers of days that the forecast is below. */
  runs_out: z._default(z.array(z.number()), []),
  /** The last top-up, while the balance stays at one of its ends. */
  topped_up: z._default(z.nullable(z.strictObject({ from: money, to: money })), null),
});
export type Told = z.infer<typeof toldSchema>;

export const NOTHING_TOLD: Told = {
  low: [],
  exhausted: false,
  rejected: false,
  stale: false,
  blocked: false,
  runs_out: [],
  topped_up: null,
};

/** What to tell a receiver, and what it has been told then. */
export interface Decision {
  readonly told: Told;
  readonly events: readonly AlertEvent[];
}
