/** A value in use is kept fresh: when to tell the object of readers, and when it refreshes. Pure decisions. */
import type { Config } from "../config/config.ts";

type KeepFresh = Pick<Config, "KEEP_FRESH_SECONDS" | "FRESH_SECONDS">;

/** Refreshed when this share of the freshness lifetime is spent: at most 1.1 calls per FRESH_SECONDS. */
const SPENT = 0.92;

/**
 * Whether a reader should be reported to the object: less than half of the time is left for which it
 * keeps the value fresh.
 *
 * @param keptUntil of the value served, epoch milliseconds; 0 when it is not kept fresh
 */
export function isKeepFreshDue(keptUntil: number, d: KeepFresh, now: number): boolean {
  return d.KEEP_FRESH_SECONDS > 0 && keptUntil - now < d.KEEP_FRESH_SECONDS * 500;
}

/** How long an isolate that has reported a reader does not report another, milliseconds. */
export const reportIntervalMs = (d: KeepFresh) => d.KEEP_FRESH_SECONDS * 250;

/**
 * When the object refreshes a value that is read: before it is stale, and after the backoff.
 *
 * @param fetchedAt epoch milliseconds, null without a value
 * @param retryAt no call before this, epoch milliseconds; 0 without a failure
 * @returns epoch milliseconds, or null when the last reader will be gone by then
 */
export function keepFreshAt(
  fetchedAt: number | null,
  retryAt: number,
  keptUntil: number,
  { FRESH_SECONDS }: KeepFresh,
): number | null {
  const due = fetchedAt === null ? 0 : fetchedAt + Math.ceil(FRESH_SECONDS * SPENT * 1_000);
  const at = Math.max(due, retryAt);
  return at < keptUntil ? at : null;
}
