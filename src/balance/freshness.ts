/** The freshness table (RFC 9111, section 4.2; RFC 5861 for stale-while-revalidate) as pure decisions. */
import type { Config } from "../config/config.ts";
import type { Failure } from "./backoff.ts";

export type Plan =
  /** Answer the stored value at once. */
  | "serve"
  /** Answer it at once; refresh behind the answer (stale-while-revalidate). */
  | "serve_and_refresh"
  /** Wait a little for a refresh, then answer the new value or the stored one. */
  | "refresh_or_serve"
  /** Only a refresh can answer. */
  | "refresh";

export type Durations = Pick<
  Config,
  "FRESH_SECONDS" | "REVALIDATE_SECONDS" | "STALE_SECONDS" | "STALE_WAIT_MS" | "MIN_REFRESH_SECONDS"
>;

/**
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
 * {@link plan} for an isolate that has heard of the last failure: while its backoff is in force a refresh
 * would not be made, so the stored value or the error is answered at once.
 */
export function planWithBackoff(
  ageMs: number | null,
  maxAgeSeconds: number | null,
  failure: Failure | null,
  d: Durations,
  now: number,
): Plan | "back_off" {
  const planned = plan(ageMs, maxAgeSeconds, d);
  return planned !== "serve" && failure !== null && now < failure.retry_at ? "back_off" : planned;
}

/**
 * The age a request accepts at most (RFC 9111, section 5.2.1): 0 for `no-cache`, N for `max-age=N`.
 *
 * @returns seconds, or null when the header says neither; what is malformed is ignored
 */
export function requestedMaxAge(cacheControl: string | null): number | null {
  if (cacheControl === null) return null;
  let least: number | null = null;
  for (const directive of cacheControl.toLowerCase().split(",")) {
    const [name, value] = directive.split("=", 2).map((part) => part.trim());
    const quoted = value?.replace(/^"(.*)"$/, "$1") ?? "";
    const age =
      name === "no-cache" ? 0 : name === "max-age" && /^\d{1,9}$/.test(quoted) ? +quoted : null;
    if (age !== null) least = Math.min(age, least ?? age);
  }
  return least;
}
