/**
 * Log lines. Guarantee: only the facts named here are written, never a header, a body, a credential or an
 * amount. Cached hits write no line, only a metric point.
 */
import { VERSION } from "./version.ts";

/** One field that was not of the expected type. Never holds the value. */
export interface Drift {
  readonly field: string;
  readonly type: string;
}

type Level = "info" | "warn" | "error";

/** Every event a log line may carry. What to do about each: the operator's handbook, src/cli/README.md. */
export type LogEvent =
  /** Zoo answered, and the value is stored. */
  | "refreshed"
  /** An attempt at Zoo came to nothing. */
  | "refresh_failed"
  /** Zoo's body had something of another type than expected; names and types of fields. */
  | "upstream_drift"
  /** Workers KV failed, or was slow; what it holds is done without. */
  | "kv_read_failed"
  | "kv_write_failed"
  /** KV held a value of another version, account or source. */
  | "kv_foreign_value"
  /** A Durable Object could not be reached. */
  | "object_failed"
  /** An identity provider's keys were fetched, or could not be. */
  | "keys_refreshed"
  | "keys_failed"
  /** A webhook was delivered, could not be (and is tried again), or was given up after a day. */
  | "alert_sent"
  | "alert_failed"
  | "alert_dropped"
  /** A caller was refused: 401, 403 or 429. */
  | "denied"
  /** An app could not be attested, and was served all the same. */
  | "attestation_failed"
  /** Workers KV failed on an API key's record: 503 for its caller. */
  | "api_keys_failed"
  /** A limit could not be counted. */
  | "limiter_failed"
  /** A variable, secret or binding is wrong: 500 for everybody. */
  | "misconfigured"
  /** `/ready`: an account had no success for READY_SECONDS, or never. */
  | "not_ready"
  /** A good answer that took long. */
  | "slow"
  /** A caller got 502 or 503. */
  | "failed"
  /** A bug. */
  | "internal";

/** The allow-list of what a line may hold beside its event. */
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
  readonly upstream_status?: number | string | undefined;
  readonly upstream_ms?: number | undefined;
  readonly zoo_request_id?: string | null | undefined;
  readonly failures?: number | undefined;
  readonly retry_in_ms?: number | undefined;
  readonly drift?: readonly Drift[] | undefined;
  readonly problems?: readonly string[] | undefined;
  /** Class name of an error, never its message. */
  readonly error?: string | undefined;
}

/** The class of an error for {@link LogFacts}: a message might quote what must not be told. */
export const nameOf = (error: unknown): string =>
  error instanceof Error ? error.name : typeof error;

/** One JSON line on the console, where Workers Logs picks its fields up. */
export function logLine(level: Level, event: LogEvent, facts: LogFacts): void {
  console[level](JSON.stringify({ level, event, ...facts, version: VERSION }));
}
