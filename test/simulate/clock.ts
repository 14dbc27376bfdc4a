/**
 * A virtual clock in place of the machine's: `Date`, `setTimeout` and random numbers. Time moves to
 * the next timer when everything that can happen now has happened, so a day passes as fast as it computes.
 */

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

const realSetImmediate = setImmediate;
const RealDate = Date;

export class VirtualClock {
  #now: number;
  #order = 0;
  readonly #heap: Timer[] = [];
  readonly #timers = new Map<number, Timer>();
  /** Work outside the virtual world (cryptography) that has to end before time may move. */
  #outside = 0;

  /** @param start epoch milliseconds */
  constructor(start: number) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  set(run: () => void, ms: number): number {
    this.#order += 1;
    const timer = { at: this.#now + Math.max(0, ms), order: this.#order, run, cancelled: false };
    this.#timers.set(timer.order, timer);
    this.#push(timer);
    return timer.order;
  }

  clear(id: number): void {
    const timer = this.#timers.get(id);
    if (timer !== undefined) timer.cancelled = true;
    this.#timers.delete(id);
  }

  /** Time stands still until `work` has settled. */
  async outside<T>(work: Promise<T>): Promise<T> {
    this.#outside += 1;
    try {
      return await work;
    } finally {
      this.#outside -= 1;
    }
  }

  /** Lets time pass until `work` has settled. @throws Error when nothing is left that could settle it */
  async runUntil<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const mark = () => {
      settled = true;
    };
    work.then(mark, mark);
    for (;;) {
      await this.#quiet();
      if (settled) return work;
      const timer = this.#pop();
      if (timer === undefined) throw new Error("the virtual world has come to a stop");
      this.#now = Math.max(this.#now, timer.at);
      timer.run();
    }
  }

  /** A turn of the real event loop runs every promise that can be run. */
  async #quiet(): Promise<void> {
    do {
      await new Promise((resolve) => realSetImmediate(resolve));
    } while (this.#outside > 0);
  }

  #isBefore(a: Timer | undefined, b: Timer | undefined): boolean {
    if (a === undefined || b === undefined) return a !== undefined;
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let child = heap.push(timer) - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !this.#isBefore(timer, above)) break;
      heap[child] = above;
      child = parent;
    }
    heap[child] = timer;
  }

  #pop(): Timer | undefined {
    for (;;) {
      const first = this.#heap[0];
      const last = this.#heap.pop();
      if (first === undefined || last === undefined) return undefined;
      if (this.#heap.length > 0) this.#sink(last);
      this.#timers.delete(first.order);
      if (!first.cancelled) return first;
    }
  }

  #sink(timer: Timer): void {
    const heap = this.#heap;
    let parent = 0;
    for (;;) {
      const left = 2 * parent + 1;
      const least = this.#isBefore(heap[left + 1], heap[left]) ? left + 1 : left;
      const below = heap[least];
      if (below === undefined || !this.#isBefore(below, timer)) break;
      heap[parent] = below;
      parent = least;
    }
    heap[parent] = timer;
  }
}

/** Puts the clock in place of the machine's. @returns what takes it out again */
export function install(clock: VirtualClock, random: () => number): () => void {
  class VirtualDate extends RealDate {
    constructor(...given: readonly [] | readonly [number | string]) {
      super(given[0] ?? clock.now());
    }
    static override now(): number {
      return Math.floor(clock.now());
    }
  }
  const before = { Date, setTimeout, clearTimeout, random: Math.random };
  const replaced = {
    Date: VirtualDate,
    setTimeout: (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) =>
      clock.set(() => run(...args), ms),
    clearTimeout: (id: unknown) => {
      if (typeof id === "number") clock.clear(id);
    },
  };
  Object.assign(globalThis, replaced);
  Math.random = random;
  return () => {
    const { random: realRandom, ...globals } = before;
    Object.assign(globalThis, globals);
    Math.random = realRandom;
  };
}
