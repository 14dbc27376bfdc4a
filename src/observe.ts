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
  readonly code: string;
  readonly cache: string;
  readonly account: string;
  /** Why a request was refused; empty otherwise. */
  readonly reason: string;
  /** `ok`, or why the app's attestation failed; empty where none was asked for. */
  readonly attestation: string;
  readonly ms: number;
  /** Age of the value answered, seconds; -1 when none was. */
  readonly age: number;
}

/** A point in Analytics Engine: blobs route, code, cache, account, reason, attestation; doubles status, ms, age. */
export function writeMetric(metrics: AnalyticsEngineDataset | undefined, p: MetricPoint): void {
  try {
    metrics?.writeDataPoint({
      indexes: [p.account],
      blobs: [p.route, p.code, p.cache, p.account, p.reason, p.attestation],
      doubles: [p.status, p.ms, p.age],
    });
  } catch {
    // A point that is lost is no reason to lose the answer.
  }
}

/** A credential put there by mistake must not get into the log by it. */
const SANE_ID = /^[\w.:-]{1,64}$/;

/** The caller's `X-Request-Id`, else Cloudflare's `cf-ray`, when of sane form; else a new UUID. */
export function requestIdOf(headers: Headers): string {
  for (const name of ["x-request-id", "cf-ray"]) {
    const id = headers.get(name);
    if (id !== null && SANE_ID.test(id) && !id.startsWith("zbp_")) return id;
  }
  return crypto.randomUUID();
}
