/** When the next call to Zoo may be made. Pure decisions. */
import * as z from "zod/mini";
import { moment, whole } from "../lib/schema.ts";

const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 60_000;
/** A `Retry-After` beyond this is not believed: a balance may not freeze for longer. */
export const MAX_RETRY_AFTER_MS = 3_600_000;
const JITTER = 0.25;

export const failureSchema = z.strictObject({
  reason: z.enum(["upstream_unavailable", "upstream_rejected", "upstream_invalid"]),
  /** Epoch milliseconds. */
  at: moment,
  /** No call before this, epoch milliseconds. */
  retry_at: moment,
  /** Failures in a row, this one included. */
  count: whole(1, Number.MAX_SAFE_INTEGER),
});
export type Failure = z.infer<typeof failureSchema>;

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
  // A refused token is soon another one, and nobody should have to wait for the old one's sentence.
  const believed = failed.reason === "upstream_rejected" ? null : failed.retryAfterMs;
  const asked = Math.min(MAX_RETRY_AFTER_MS, believed ?? 0);
  const retryAt = now + Math.ceil(Math.max(backoff, asked));
  return { reason: failed.reason, at: now, retry_at: retryAt, count };
}
