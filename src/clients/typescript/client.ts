/** A client of the balance proxy for web views, React Native and Node. See README.md beside it. */
import { readBalance, readHistory, readStatus } from "./read.ts";
import { Resource, type Settings } from "./resource.ts";
import { memoryStore } from "./stores.ts";
import type { Balance, Clock, History, Options, Reading, Status, Store } from "./types.ts";

export { memoryStore, webStore } from "./stores.ts";
export type * from "./types.ts";

export interface Cancellable {
  readonly signal?: AbortSignal;
}

/**
 * No method throws because of the network or the proxy: a {@link Reading} holds the last known value
 * and the problem. Only an aborted signal makes `refresh`, `status` and `history` throw, its reason.
 */
export class BalanceClient {
  readonly #store: Store;
  readonly #balance: Resource<Balance>;
  readonly #status: Resource<Status>;
  readonly #histories = new Map<number, Resource<History>>();
  readonly #options: Settings;
  #isOver = false;

  constructor(options: Options) {
    this.#store = options.store ?? memoryStore();
    this.#options = { clock: realClock, random: Math.random, ...options, store: this.#store };
    this.#balance = new Resource(this.#options, "/v1/balance", readBalance);
    this.#status = new Resource(this.#options, "/v1/balance/status", readStatus);
  }

  /**
   * The last known at once, from storage after a start; then the new one; then every newer one,
   * asked for when the last is due. Leave the loop, or abort the signal, and nothing is asked any more.
   */
  balances({ signal }: Cancellable = {}): AsyncGenerator<Reading<Balance>, void> {
    return this.#balance.watch(signal);
  }

  /** Pull to refresh. While the proxy has asked for patience (`Retry-After`), it is not asked. */
  refresh({ signal }: Cancellable = {}): Promise<Reading<Balance>> {
    return this.#balance.refresh(true, signal);
  }

  /** For widgets and watches: how the account stands, without amounts. */
  status({ signal }: Cancellable = {}): Promise<Reading<Status>> {
    return this.#status.refresh(false, signal);
  }

  history({ days = 30, signal }: Cancellable & { days?: number } = {}): Promise<Reading<History>> {
    const path = `/v1/balance/history?days=${days}`;
    const resource = this.#histories.get(days) ?? new Resource(this.#options, path, readHistory);
    this.#histories.set(days, resource);
    if (this.#isOver) resource.end();
    return resource.refresh(false, signal);
  }

  /**
   * At sign-out: nothing of this user is left, on the screen or in the store, whatever is under way. This
   * client then asks and stores nothing any more: each reading says `signed_out`.
   */
  async clear(): Promise<void> {
    this.#isOver = true;
    for (const resource of [this.#balance, this.#status, ...this.#histories.values()]) {
      resource.end();
    }
    await this.#store.clear();
  }
}

const realClock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      signal.addEventListener("abort", end);
      if (signal.aborted) end();
    }),
};
