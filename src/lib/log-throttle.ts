/** Log throttling: a flood of equal events from one sender is one line in a while, which counts the others. */
import { ExpiringMap } from "./expiring-map.ts";
import { type Level, type LogEvent, type LogFacts, logLine } from "./log.ts";

/** One line per sender and reason in this time. */
const INTERVAL_MS = 10_000;
const MAX_ENTRIES = 2_000;
/**
 * Lines about senders in this time, whoever they are: addresses can be had by the thousand. What is said of an
 * account or an issuer is bounded by the configuration, and always written.
 */
const MAX_SENDER_LINES = 500;

interface Written {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Lines like it since then, which were not written. */
  suppressed: number;
}

export class LogThrottle {
  readonly #last = new ExpiringMap<Written>(MAX_ENTRIES);
  /** Lines about senders since `at`, and those that {@link MAX_SENDER_LINES} kept from being written. */
  #window = { at: 0, lines: 0, suppressed: 0 };

  /**
   * Logs, unless the same has been logged a moment ago: the event for the same reason (else code) and error.
   *
   * @param sender the caller or address that provoked the line; without one, lines differ by account, else by issuer
   */
  log(level: Level, event: LogEvent, facts: LogFacts, sender?: string): void {
    const { account, issuer, reason, code, error } = facts;
    const about = sender === undefined ? (account ?? issuer) : `${sender} ${issuer}`;
    const key = `${event} ${reason ?? code} ${error} ${about}`;
    const now = Date.now();
    const last = this.#last.get(key);
    if (last !== undefined && now - last.at < INTERVAL_MS) {
      last.suppressed += 1;
      return;
    }
    const unwritten = sender === undefined ? 0 : this.#spend(now);
    if (unwritten === null) return;
    this.#last.set(key, { at: now, suppressed: 0 }, Number.POSITIVE_INFINITY);
    const suppressed = (last?.suppressed ?? 0) + unwritten;
    logLine(level, event, { ...facts, suppressed: suppressed || undefined });
  }

  /** @returns for the first line of a window, how many the one before left unwritten; null when this one is spent */
  #spend(now: number): number | null {
    const before = this.#window;
    const isNew = now - before.at >= INTERVAL_MS;
    if (isNew) this.#window = { at: now, lines: 0, suppressed: 0 };
    if (this.#window.lines >= MAX_SENDER_LINES) {
      this.#window.suppressed += 1;
      return null;
    }
    this.#window.lines += 1;
    return isNew ? before.suppressed : 0;
  }
}
