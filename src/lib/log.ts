/**
 * Structured log lines. Guarantee: only the fields of {@link LogFacts} are written, never a header, a body, a
 * credential or an amount. Cached hits write no line, only a metric point.
 */
import { VERSION } from "./version.ts";

/** A field of Zoo's body that did not have the expected type. Never holds the value. */
export interface Drift {
  readonly field: string;
  readonly type: string;
}

export type Level = "info" | "warn" | "error";

/** Every event a log line may carry. What to do about each: the operator's handbook, src/cli/README.md. */
export type LogEvent =
  /** Zoo answered, and the value is stored. */
  | "refreshed"
  /** A call to Zoo failed. */
  | "refresh_failed"
  /** Zoo's body had fields of unexpected types; the line names them with their types. */
  | "upstream_drift"
  /** Workers KV failed or timed out; treated as a miss. */
  | "kv_read_failed"
  | "kv_write_failed"
  /** KV held a value of another version, account or source; treated as a miss. */
  | "kv_foreign_value"
  /** A Durable Object could not be reached. */
  | "object_failed"
  /** An identity provider's keys were fetched, or could not be. */
  | "keys_refreshed"
  | "keys_failed"
  /** A webhook was delivered, failed (and will be retried), or was dropped after a day of retries. */
  | "alert_sent"
  | "alert_failed"
  | "alert_dropped"
  /** A caller was refused: 401, 403 or 429. */
  | "denied"
  /** App attestation failed, and the request was served all the same (mode observe). */
  | "attestation_failed"
  /** Workers KV failed on the lookup of an API key: its caller gets 503. */
  | "api_keys_failed"
  /** A rate limiter failed; the request was let through (fail open). */
  | "limiter_failed"
  /** A variable, secret or binding is missing or invalid: every request gets 500. */
  | "misconfigured"
  /** `/ready`: an account had no success for READY_SECONDS, or never. */
  | "not_ready"
  /** A successful response took longer than a second. */
  | "slow"
  /** A caller got 502 or 503. */
  | "failed"
  /** A bug. */
  | "internal";

/** Allow-list of the fields a line may have beside level and event. */
export interface LogFacts {
  readonly request_id?: string | undefined;
  readonly route?: string | undefined;
  readonly status?: number | undefined;
  readonly code?: string | undefined;
  readonly reason?: string | undefined;
  readonly account?: string | undefined;
  /** A digest: the id of a caller, see `callers/caller.ts`. */
  readonly caller?: string | undefined;
  readonly issuer?: string | undefined;
  readonly ms?: number | undefined;
  /** The `webhook-id` of an alert: the same in every attempt. */
  readonly webhook_id?: string | undefined;
  /** How long ago it was made, seconds. */
  readonly age_s?: number | null | undefined;
  readonly upstream_status?: number | string | undefined;
  readonly upstream_ms?: number | undefined;
  readonly zoo_request_id?: string | null | undefined;
  /** Name of the secret that was sent; its value belongs to the version that the line names. */
  readonly token?: string | undefined;
  /** What was called: host and path without query; of an identity provider the host alone. */
  readonly upstream?: string | undefined;
  readonly failures?: number | undefined;
  /** Time of the first of the failures. */
  readonly failing_since?: string | undefined;
  /** Age of the value, or of the key set, that is used meanwhile, seconds; null when there is none. */
  readonly stored_age_s?: number | null | undefined;
  /** How long the outage was that has ended, seconds. */
  readonly outage_s?: number | undefined;
  readonly retry_in_ms?: number | undefined;
  readonly drift?: readonly Drift[] | undefined;
  readonly problems?: readonly string[] | undefined;
  /** How many lines like this one were not written since the one before. */
  readonly suppressed?: number | undefined;
  /** Class name of an error, never its message. */
  readonly error?: string | undefined;
}

/** The class of an error for {@link LogFacts}: a message might quote a secret. */
export const nameOf = (error: unknown): string =>
  error instanceof Error ? error.name : typeof error;

/** Whole seconds for {@link LogFacts}; null without a start. */
export const secondsBetween = (from: number | null, to: number) =>
  from === null ? null : Math.max(0, Math.round((to - from) / 1_000));

/** Writes one line of JSON to the console; Workers Logs indexes its fields. */
export function logLine(level: Level, event: LogEvent, facts: LogFacts): void {
  console[level](JSON.stringify({ level, event, ...facts, version: VERSION }));
}
