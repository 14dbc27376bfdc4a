/** The contract between the read policy in the Worker and the account's Durable Object. */
import type { Failure } from "./backoff.ts";
import type { BalanceRecord } from "./record.ts";

export interface RefreshDemand {
  readonly account: string;
  /** Seconds; from the request's `Cache-Control`, null when it says nothing. */
  readonly maxAge: number | null;
  /**
   * `until_done` waits for the end of a refresh even where a stale value could be answered: the Worker,
   * which has that value, enforces STALE_WAIT_MS itself. `by_policy` waits as the freshness table says.
   */
  readonly wait: "until_done" | "by_policy";
  readonly requestId: string;
}

export interface RefreshOutcome {
  readonly record: BalanceRecord | null;
  /** The last attempt's failure; null after a success. */
  readonly failure: Failure | null;
  /** Whether a call to Zoo was made, or was under way, for this demand. */
  readonly attempted: boolean;
}
