/** Log throttling: a flood of equal events from one sender is one line in a while, which counts the others. */
import { ExpiringMap } from "./expiring-map.ts";
import { type Level, type LogEvent, type LogFacts, logLine } from "./log.ts";

/** One line per sender and reason in this time. */
const INTERVAL_MS = 10_000;
const MAX_ENTRIES = 2_000;

interface Written {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Lines like it since then, which were not written. */
  suppressed: number;
}

export class LogThrottle {
  readonly #last = new ExpiringMap<Written>(MAX_ENTRIES);

  /**
   * Logs, unless the same has been logged a moment ago: the event for the same reason (else code) and error.
   *
   * @param sender else the account or issuer that the line is about, else everybody
   */
  log(
    level: Level,
    event: LogEvent,
    facts: LogFacts,
    sender = facts.account ?? facts.issuer,
  ): void {
    const key = `${event} ${facts.reason ?? facts.code} ${facts.error} ${sender}`;
    const now = Date.now();
    const last = this.#last.get(key);
    if (last !== undefined && now - last.at < INTERVAL_MS) {
      last.suppressed += 1;
      return;
    }
    this.#last.set(key, { at: now, suppressed: 0 }, Number.POSITIVE_INFINITY);
    logLine(level, event, { ...facts, suppressed: last?.suppressed || undefined });
  }
}
