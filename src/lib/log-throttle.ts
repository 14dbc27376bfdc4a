/** Log throttling: a flood of equal events from one sender is one line, not a flood of lines. */
import { ExpiringMap } from "./expiring-map.ts";
import { type Level, type LogEvent, type LogFacts, logLine } from "./log.ts";

/** One line per sender and reason in this time. */
const INTERVAL_MS = 10_000;
const MAX_ENTRIES = 2_000;

export class LogThrottle {
  readonly #logged = new ExpiringMap<true>(MAX_ENTRIES);

  /**
   * Logs, unless the same has been logged a moment ago: the event for the same reason (else code, else error).
   *
   * @param sender empty for what is everybody's
   */
  log(level: Level, event: LogEvent, facts: LogFacts, sender = ""): void {
    const key = `${event} ${facts.reason ?? facts.code ?? facts.error} ${sender}`;
    if (this.#logged.get(key) === true) return;
    this.#logged.set(key, true, Date.now() + INTERVAL_MS);
    logLine(level, event, facts);
  }
}
