/**
 * Log lines and metrics. Guarantee: only named facts are written, never a header, a body, a credential
 * or an amount. Cached hits write no log line, only a metric point.
 */
import type { Drift } from "./balance/zoo-body.ts";

type Level = "info" | "warn" | "error";

/** Every event a log line may carry. The README's failure table explains each. */
export type LogEvent =
  | "refreshed"
  | "refresh_failed"
  | "upstream_drift"
  | "kv_read_failed"
  | "kv_write_failed"
  | "kv_foreign_value"
  | "object_failed"
  | "keys_refreshed"
  | "keys_failed"
  | "denied"
  | "attestation_failed"
  | "api_keys_failed"
  | "limiter_failed"
  | "misconfigured"
  | "slow"
  | "failed"
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
 * A point in Analytics Engine: blobs route, code, cache, account, reason, attestation (empty where there
 * is none); doubles status, ms, age (-1 where there is none).
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
