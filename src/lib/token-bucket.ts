/** A token bucket over time as an argument: a burst, then a trickle. */
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

  /** For what turned out to be no waste. */
  giveBack(): void {
    this.#left = Math.min(this.#burst, this.#left + 1);
  }
}
