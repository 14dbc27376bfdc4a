/** When the next call to Zoo may be made: exponential backoff with jitter, as pure decisions. */
import * as z from "zod/mini";
import { moment, whole } from "../lib/schema.ts";

const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 60_000;
/** A `Retry-After` beyond this is not believed: a balance may not freeze for longer. */
const MAX_RETRY_AFTER_MS = 3_600_000;
const JITTER = 0.25;
/** No wait is longer: MIN_REFRESH_SECONDS may be a day at most. */
const MAX_WAIT_MS = Math.max(MAX_RETRY_AFTER_MS, 86_400_000);

export const failureSchema = z.strictObject({
  reason: z.enum(["upstream_unavailable", "upstream_rejected", "upstream_invalid"]),
  /** Epoch milliseconds. */
  at: moment,
  /** No call before this, epoch milliseconds. */
  retry_at: moment,
  /** Failures in a row, this one included. */
  count: whole(1, Number.MAX_SAFE_INTEGER),
  /** When the first of them was, epoch milliseconds; not known of failures stored by earlier versions. */
  since: z.optional(moment),
});
export type Failure = z.infer<typeof failureSchema>;

/**
 * When Zoo may be called again, epoch milliseconds; 0 for at once.
 *
 * @param failure the last attempt's, whose backoff counts; null after a success
 * @param attemptedAt start of the last attempt, epoch milliseconds
 * @param intervalMs least time between the starts of two attempts
 */
export function earliestRefreshAt(
  failure: Failure | null,
  attemptedAt: number,
  intervalMs: number,
  now: number,
): number {
  // A time in the future was stored before the clock moved back: ignore it, but tolerate a little skew.
  const isCredible = (at: number) => at - now < MAX_DELAY_MS;
  const earliest = Math.max(
    failure !== null && isCredible(failure.at) ? failure.retry_at : 0,
    isCredible(attemptedAt) ? attemptedAt + intervalMs : 0,
  );
  // And no deadline is further away than any wait.
  return earliest - now > MAX_WAIT_MS ? 0 : earliest;
}

/**
 * The failure that follows `previous` (null after a success): the next attempt is 1 s, 2 s, 4 s… later,
 * plus up to 25 % jitter, from 48 s to 60 s in the end; or `Retry-After` when longer (at most an hour).
 *
 * @param random from 0 to 1
 */
export function nextFailure(
  previous: Failure | null,
  failed: { reason: Failure["reason"]; retryAfterMs: number | null },
  now: number,
  random: number,
): Failure {
  const count = (previous?.count ?? 0) + 1;
  const doubled = FIRST_DELAY_MS * 2 ** Math.min(count - 1, 10);
  const longest = Math.min(MAX_DELAY_MS, doubled * (1 + JITTER));
  const shortest = longest / (1 + JITTER);
  const backoff = shortest + (longest - shortest) * random;
  // Ignore Retry-After on 401 and 403: a rotated token must work at once.
  const believed = failed.reason === "upstream_rejected" ? null : failed.retryAfterMs;
  const asked = Math.min(MAX_RETRY_AFTER_MS, believed ?? 0);
  const retryAt = now + Math.ceil(Math.max(backoff, asked));
  const since = previous === null ? now : (previous.since ?? previous.at);
  return { reason: failed.reason, at: now, retry_at: retryAt, count, since };
}
