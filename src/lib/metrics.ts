/** Points for Analytics Engine. Guarantee: names, numbers and reasons, never a credential or an amount. */
import { VERSION } from "./version.ts";

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
 * blobs route, code, cache, account, reason, attestation (empty where there is none), version; doubles status, ms,
 * age (-1 where there is none). Of a call to Zoo the status is Zoo's, 0 where none came.
 */
export function writeMetric(metrics: AnalyticsEngineDataset | undefined, point: MetricPoint): void {
  const { route, status, code = "", cache = "", account = "", reason = "" } = point;
  const { attestation = "", ms, age = -1 } = point;
  try {
    metrics?.writeDataPoint({
      indexes: [account],
      blobs: [route, code, cache, account, reason, attestation, VERSION],
      doubles: [status, ms, age],
    });
  } catch {
    // A point that is lost is no reason to lose the answer.
  }
}
