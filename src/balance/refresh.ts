/** The contract between the read policy in the Worker and the account's Durable Object. */
import type { Account } from "../config/config.ts";
import type { Env } from "../env.ts";
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
  /** A reader's demand keeps the value fresh for KEEP_FRESH_SECONDS; the cron's does not. */
  readonly by: "reader" | "cron";
  readonly requestId: string;
}

export interface RefreshOutcome {
  readonly record: BalanceRecord | null;
  /** The last attempt's failure; null after a success. */
  readonly failure: Failure | null;
  /** Whether a call to Zoo was made, or was under way, for this demand. */
  readonly attempted: boolean;
  /**
   * Whether that call was under way before the demand came: what it brings may be older than what the
   * caller has just done. Earlier versions do not say.
   */
  readonly joined?: true;
}

/**
 * Whether the outcome is of the Zoo account that this version knows by the name. While a deployment is under way
 * the object may still be of the version before, under which the name stood for another one.
 */
export const isOfSource = ({ record }: RefreshOutcome, { source }: Account) =>
  record === null || record.source === source;

/**
 * A new stub of the account's object. An object stays where it was first touched, so the location hint
 * is given at every touch.
 */
export function accountObject(env: Env, { name, location }: Account) {
  return env.ACCOUNT_BALANCE.getByName(
    name,
    location === undefined ? {} : { locationHint: location },
  );
}
