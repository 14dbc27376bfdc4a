/** The freshness table (RFC 9111, section 4.2; RFC 5861 for stale-while-revalidate) as pure decisions. */
import type { Config } from "../config/config.ts";
import type { Failure } from "./backoff.ts";
import type { CacheDemand } from "./cache-control.ts";

export type Plan =
  /** Answer the stored value at once. */
  | "serve"
  /** Answer it at once; refresh behind the answer (stale-while-revalidate). */
  | "serve_and_refresh"
  /** Wait a little for a refresh, then answer the new value or the stored one. */
  | "refresh_or_serve"
  /** Only a refresh can answer. */
  | "refresh";

export type ReadPlan =
  | Plan
  /** Zoo has just failed: the stored value, or the error, at once. */
  | "back_off"
  /** Forced by the caller, but Zoo was asked a moment ago: the stored value at once. */
  | "too_soon"
  /** `only-if-cached`, and nothing that would do. */
  | "not_cached";

export type Durations = Pick<
  Config,
  "FRESH_SECONDS" | "REVALIDATE_SECONDS" | "STALE_SECONDS" | "MIN_REFRESH_SECONDS"
>;

/**
 * The table alone, as the account's object applies it.
 *
 * @param ageMs of the stored value, null when there is none
 * @param maxAgeSeconds what the request's `Cache-Control` accepts, null when it says nothing
 */
export function plan(ageMs: number | null, maxAgeSeconds: number | null, d: Durations): Plan {
  if (ageMs === null || ageMs > d.STALE_SECONDS * 1_000) return "refresh";
  if (maxAgeSeconds !== null && ageMs > maxAgeSeconds * 1_000) return "refresh_or_serve";
  if (ageMs <= d.FRESH_SECONDS * 1_000) return "serve";
  if (ageMs <= (d.FRESH_SECONDS + d.REVALIDATE_SECONDS) * 1_000) return "serve_and_refresh";
  return "refresh_or_serve";
}

/**
 * The table for a request that an isolate answers: with all of its `Cache-Control`, the interval that
 * throttles forced refreshes, and the backoff after the last failure that the isolate has heard of.
 *
 * @param failure of the last attempt, null after a success
 */
export function planRead(
  ageMs: number | null,
  demand: CacheDemand,
  failure: Failure | null,
  d: Durations,
  now: number,
): ReadPlan {
  const usable = ageMs !== null && ageMs <= d.STALE_SECONDS * 1_000;
  const acceptedSeconds = Math.min(demand.maxAge ?? d.FRESH_SECONDS, d.FRESH_SECONDS);
  const accepted =
    demand.maxStale !== null && usable && ageMs <= (acceptedSeconds + demand.maxStale) * 1_000;
  if (demand.onlyIfCached) {
    const enough = accepted || demand.maxAge === null || (ageMs ?? 0) <= demand.maxAge * 1_000;
    return usable && enough ? "serve" : "not_cached";
  }
  // max-stale: paint first, then update.
  const wanted = plan(ageMs, accepted ? null : demand.maxAge, d);
  const planned = wanted === "refresh_or_serve" && accepted ? "serve_and_refresh" : wanted;
  if (planned === "serve") return "serve";
  if (failure !== null && now < failure.retry_at) return "back_off";
  const forced = usable && plan(ageMs, null, d) === "serve";
  return forced && ageMs < d.MIN_REFRESH_SECONDS * 1_000 ? "too_soon" : planned;
}
