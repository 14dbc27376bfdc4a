/** A call of a Durable Object: one retry where the platform allows it, a deadline, and a log line. */
import { withDeadline } from "./deadline.ts";
import { type LogFacts, nameOf } from "./log.ts";
import type { LogThrottle } from "./log-throttle.ts";

/**
 * Retries once on what the platform calls retryable, so the call must be idempotent; never when the
 * object is overloaded. Never rejects: a failure is logged as `object_failed`.
 *
 * @param call makes the stub, too: one that has thrown stays broken, so the retry needs a new one
 * @param deadlineMs milliseconds for the call and its retry; without it, the caller has a deadline of its own
 * @returns the answer, or `null` when there is none
 */
export async function callObject<T>(
  call: () => Promise<T>,
  facts: LogFacts,
  log: LogThrottle,
  deadlineMs?: number,
): Promise<{ readonly answer: T } | null> {
  try {
    const answering = withRetry(call);
    const answer = await (deadlineMs === undefined
      ? answering
      : withDeadline(answering, deadlineMs));
    return { answer };
  } catch (error) {
    log.log("error", "object_failed", { ...facts, error: nameOf(error) });
    return null;
  }
}

async function withRetry<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!isRetryable(error)) throw error;
    return await call();
  }
}

/** The members that Workers add to what a stub throws (Durable Objects, "Error handling"). */
function isRetryable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { retryable, overloaded } = error as Error & { retryable?: unknown; overloaded?: unknown };
  return retryable === true && overloaded !== true;
}
