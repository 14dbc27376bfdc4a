/** Data points for Analytics Engine. Guarantee: names, numbers and reasons only, never a credential or an amount. */
import { VERSION } from "./version.ts";

export interface MetricPoint {
  readonly route: string;
  readonly status: number;
  readonly code?: string | undefined;
  readonly cache?: string | undefined;
  readonly account?: string | undefined;
  /** A digest: the id of a caller, see `callers/caller.ts`. */
  readonly caller?: string | undefined;
  /** Why a request was refused. */
  readonly reason?: string | undefined;
  /** `ok`, or why the app's attestation failed. */
  readonly attestation?: string | undefined;
  readonly ms: number;
  /** Age of the balance in the response, seconds. */
  readonly age?: number | undefined;
}

/**
 * Writes a data point: one per response and, with the route "refresh", one per call to Zoo:
 * blobs route, code, cache, account, reason, attestation (empty where there is none), version, caller; doubles status, ms,
 * age (-1 where there is none), weight. For a call to Zoo the status is Zoo's, or 0 when there was no response.
 *
 * @param sample of so many points one is written, with that weight
 */
export function writeMetric(
  metrics: AnalyticsEngineDataset | undefined,
  point: MetricPoint,
  sample = 1,
): void {
  if (sample > 1 && Math.random() * sample >= 1) return;
  const { route, status, code = "", cache = "", account = "", reason = "" } = point;
  const { attestation = "", caller = "", ms, age = -1 } = point;
  try {
    metrics?.writeDataPoint({
      indexes: [account],
      blobs: [route, code, cache, account, reason, attestation, VERSION, caller],
      doubles: [status, ms, age, sample],
    });
  } catch {
    // Metrics are best effort: a lost point must not fail the request.
  }
}
