/** Log throttling: a flood of equal events from one sender is one line, not a flood of lines. */
import { ExpiringMap } from "./expiring-map.ts";

/** One line per sender and reason in this time. */
const INTERVAL_MS = 10_000;
const MAX_ENTRIES = 2_000;

export class LogThrottle {
  readonly #logged = new ExpiringMap<true>(MAX_ENTRIES);

  /** Whether this may be logged now; if so, it counts as logged. */
  allows(reason: string, sender: string): boolean {
    const key = `${reason} ${sender}`;
    if (this.#logged.get(key) === true) return false;
    this.#logged.set(key, true, Date.now() + INTERVAL_MS);
    return true;
  }
}
