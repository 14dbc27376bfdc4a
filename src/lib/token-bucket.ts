/** Token bucket: allows a burst, then a steady rate. The time is an argument, so it needs no timer. */
export class ReadBudget {
  readonly #burst: number;
  readonly #perMs: number;
  #left: number;
  #at = 0;

  constructor(options: { readonly burst: number; readonly perSecond: number }) {
    this.#burst = options.burst;
    this.#perMs = options.perSecond / 1_000;
    this.#left = options.burst;
  }

  /** @param now epoch milliseconds */
  take(now: number): boolean {
    const elapsed = Math.max(0, now - this.#at);
    this.#left = Math.min(this.#burst, this.#left + elapsed * this.#perMs);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }

  /** Refunds a token for a read that turned out to be useful. */
  giveBack(): void {
    this.#left = Math.min(this.#burst, this.#left + 1);
  }
}
