/**
 * Log lines and metrics. Guarantee: only named facts are written, never a header, a body, a credential
 * or an amount. Cached hits write no log line, only a metric point.
 */
import type { Drift } from "./balance/zoo-body.ts";

type Level = "info" | "warn" | "error";

/** Every event a log line may carry. What to do about each: README, "At three in the morning". */
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
  console[level](JSON.stringify({ level, event, ...facts }));
}

export interface MetricPoint {
  readonly route: string;
  readonly status: number;
  readonly code?: string | undefined;
  readonly cache?: string | undefined;
  readonly account?: string | undefined;
  /** Why a request was refused. */
  readonly reason?: string | undefined;
  /** `ok`, or why the app's attestation failed. */
  readonly attestation?: string | undefined;
  readonly ms: number;
  /** Age of the value answered, seconds. */
  readonly age?: number | undefined;
}

/**
 * A point in Analytics Engine, one for each answer and, with the route "refresh", one for each call to Zoo:
 * blobs route, code, cache, account, reason, attestation (empty where there is none); doubles status, ms,
 * age (-1 where there is none). Of a call to Zoo the status is Zoo's, 0 where none came.
 */
export function writeMetric(metrics: AnalyticsEngineDataset | undefined, point: MetricPoint): void {
  const { route, status, code = "", cache = "", account = "", reason = "" } = point;
  const { attestation = "", ms, age = -1 } = point;
  try {
    metrics?.writeDataPoint({
      indexes: [account],
      blobs: [route, code, cache, account, reason, attestation],
      doubles: [status, ms, age],
    });
  } catch {
    // A point that is lost is no reason to lose the answer.
  }
}

/** Another's id, if it looks like one: a credential put there by mistake must not get into the log by it. */
export function saneId(id: unknown): string | null {
  return typeof id === "string" && /^(?!zbp_)[\w.:-]{1,64}$/.test(id) ? id : null;
}

/** The caller's `X-Request-Id`, else Cloudflare's `cf-ray`, when of sane form; else a new UUID. */
export function requestIdOf(headers: Headers): string {
  const given = saneId(headers.get("x-request-id")) ?? saneId(headers.get("cf-ray"));
  return given ?? crypto.randomUUID();
}
