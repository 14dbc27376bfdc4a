/** When to ask again. Pure, and the same in Kotlin and Swift. */
import type { Outcome } from "./exchange.ts";

/** However old an answer is that the proxy gives, it is not asked more often. */
const LEAST_SECONDS = 10;
const MOST_BACKOFF_SECONDS = 60;
/** What only the user or a new version of the app can change. */
export const HOPELESS_SECONDS = 300;
const HOPELESS_STATUSES = [401, 403, 404];
const LONGEST_RETRY_AFTER_SECONDS = 3_600;

/**
 * @param failures in a row, this one included
 * @param random from 0 to 1: up to a fifth is added, so that phones do not all come back at once
 */
export function waitSeconds(outcome: Outcome, failures: number, random: number): number {
  if (outcome.kind !== "problem") return Math.max(LEAST_SECONDS, outcome.maxAge - outcome.age);
  return failureSeconds(outcome, failures) * (1 + random / 5);
}

function failureSeconds(
  { problem, status }: Extract<Outcome, { kind: "problem" }>,
  failures: number,
): number {
  if (problem.retryAfter !== null) {
    return Math.min(LONGEST_RETRY_AFTER_SECONDS, Math.max(1, problem.retryAfter));
  }
  if (HOPELESS_STATUSES.includes(status ?? 0)) return HOPELESS_SECONDS;
  return Math.min(MOST_BACKOFF_SECONDS, 2 ** failures);
}
