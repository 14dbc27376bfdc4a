/**
 * Reads at once: on a cold isolate the stored balance is read while the caller's credential is still being
 * verified. What was read is shown to nobody before that, and an isolate makes no more reads than without.
 */
import type { Middleware, ReadAhead } from "../context.ts";
import { BalanceMemory } from "./memory.ts";
import { nearest, type Stored } from "./nearest.ts";
import { type Reading, readingOf } from "./reading.ts";

export class BalanceReadAhead implements ReadAhead {
  readonly #on: Reading;
  #account: string | null = null;
  #stored: Promise<Stored> | undefined;

  constructor(on: Reading) {
    this.#on = on;
  }

  begin(likelyAccount: string | null): void {
    const { config, state, waitUntil } = this.#on;
    const [only, ...others] = config.accounts.keys();
    const account = likelyAccount ?? (others.length === 0 ? only : undefined);
    if (this.#stored !== undefined || account === undefined || !config.accounts.has(account))
      return;
    // The caller may be anybody: a flood of made-up credentials is one read in a while.
    if (!state.of(BalanceMemory).mayReadAhead(account, Date.now())) return;
    this.#account = account;
    this.#stored = nearest(account, this.#on);
    waitUntil(this.#stored);
  }

  /** What is being read, if it is of the account that the verified caller may see. */
  storedOf(account: string): Promise<Stored> | undefined {
    return account === this.#account ? this.#stored : undefined;
  }
}

export const readAhead: Middleware = async function readAhead(c, next) {
  c.set("readAhead", new BalanceReadAhead(readingOf(c)));
  await next();
};
