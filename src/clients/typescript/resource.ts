/** One resource of the proxy: what is known of it, kept over restarts, and when to ask again. */
import { exchange, type Outcome, problem } from "./exchange.ts";
import { SingleFlight } from "./flight.ts";
import { HOPELESS_SECONDS, waitSeconds } from "./pace.ts";
import type { Options, Problem, Reading } from "./types.ts";

/** As stored: the body with its ETag, in one piece, so that a 304 is never paired with another's body. */
interface Known {
  readonly owner: string;
  readonly body: string;
  readonly etag: string | null;
  /** Seconds that it was old when it was received, and when that was by this device's clock. */
  readonly age: number;
  readonly receivedAt: number;
}

export type Settings = Options & Required<Pick<Options, "store" | "clock" | "random">>;

interface Pause {
  readonly since: number;
  readonly milliseconds: number;
  /** The server named it: then it holds for a forced request as well. */
  readonly asked: boolean;
}

const NEVER = new AbortController().signal;
const SIGNED_OUT: Problem = { code: "signed_out", retryAfter: null, requestId: null };

export class Resource<T> {
  readonly #options: Settings;
  readonly #path: string;
  readonly #parse: (body: unknown) => T;
  readonly #flight = new SingleFlight();
  readonly #changed = new Set<() => void>();
  #known: { record: Known; value: T } | null = null;
  #loaded: Promise<void> | null = null;
  #problem: Problem | null = null;
  #pause: Pause | null = null;
  #failures = 0;
  #isOver = false;
  #version = 0;

  constructor(options: Settings, path: string, parse: (body: unknown) => T) {
    this.#options = options;
    this.#path = path;
    this.#parse = parse;
  }

  /** What is known, from storage or from this process; nothing is asked. */
  async last(): Promise<Reading<T>> {
    this.#loaded ??= this.#load();
    await this.#loaded;
    return this.#reading();
  }

  async refresh(force: boolean, signal: AbortSignal = NEVER): Promise<Reading<T>> {
    await this.last();
    if (!(this.#pause?.asked && this.#pauseLeft() > 0)) {
      await this.#flight.join(force, signal, (callSignal) => this.#ask(force, callSignal));
    }
    return this.#reading();
  }

  /**
   * The last known at once, then the new one, then every newer one while somebody looks. It ends with
   * the signal, and with end(), of which it tells.
   */
  async *watch(signal: AbortSignal = NEVER): AsyncGenerator<Reading<T>, void> {
    await this.last();
    let shown = this.#version;
    yield this.#reading();
    while (!signal.aborted && !(this.#isOver && this.#version === shown)) {
      if (this.#version === shown) await this.#next(signal);
      if (signal.aborted || this.#version === shown) continue;
      shown = this.#version;
      yield this.#reading();
    }
  }

  /**
   * For good: the value is forgotten and the call under way cancelled. What it brings is nobody's any
   * more, and the credential may be somebody else's by now.
   */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#flight.cancel();
    this.#known = null;
    this.#loaded = Promise.resolve();
    this.#settle(SIGNED_OUT, null);
  }

  async #next(signal: AbortSignal): Promise<void> {
    const left = this.#pauseLeft();
    try {
      if (left <= 0) await this.refresh(false, signal);
      else await this.#sleep(left, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Until the time has passed, somebody else's call has brought something, or the signal says so. */
  async #sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    const wake = new AbortController();
    const stop = () => wake.abort();
    signal.addEventListener("abort", stop);
    this.#changed.add(stop);
    await this.#options.clock.sleep(milliseconds, wake.signal);
    signal.removeEventListener("abort", stop);
    this.#changed.delete(stop);
  }

  async #ask(force: boolean, signal: AbortSignal): Promise<void> {
    // Begun after end(), or waited for the call that it has cancelled.
    if (this.#isOver) return;
    const etag = this.#known?.record.etag ?? null;
    const question = { path: this.#path, etag, force, signal };
    const outcome = await exchange(this.#options, question).catch((error: unknown) => {
      // Cancelled by end(): those who wait get the empty reading.
      if (this.#isOver) return null;
      throw error;
    });
    if (outcome !== null && !this.#isOver) await this.#take(outcome);
  }

  async #take(outcome: Outcome): Promise<void> {
    const known = outcome.kind === "problem" ? null : this.#understand(outcome);
    const taken = outcome.kind === "problem" || known !== null ? outcome : problem("unreadable");
    if (known !== null) {
      this.#known = known;
      this.#failures = 0;
    } else {
      this.#failures++;
    }
    const retryAfter = taken.kind === "problem" ? taken.problem.retryAfter : null;
    const seconds = waitSeconds(taken, this.#failures, this.#options.random());
    this.#settle(taken.kind === "problem" ? taken.problem : null, {
      since: this.#options.clock.now(),
      milliseconds: Math.ceil(seconds * 1_000),
      asked: retryAfter !== null,
    });
    if (known !== null) await this.#save(known.record);
  }

  /** @returns null when the answer makes no sense to this client */
  #understand(outcome: Exclude<Outcome, { kind: "problem" }>) {
    const times = { age: outcome.age, receivedAt: this.#options.clock.now() };
    if (outcome.kind === "unchanged") {
      if (this.#known === null) return null;
      return { ...this.#known, record: { ...this.#known.record, ...times } };
    }
    const { owner } = this.#options;
    const { body, etag } = outcome;
    try {
      return { record: { owner, body, etag, ...times }, value: this.#parse(JSON.parse(body)) };
    } catch {
      return null;
    }
  }

  #settle(trouble: Problem | null, pause: Pause | null): void {
    this.#problem = trouble;
    this.#pause = pause;
    this.#version++;
    for (const wake of [...this.#changed]) wake();
  }

  /** A clock that was put back must not make a pause longer than it was. */
  #pauseLeft(): number {
    if (this.#pause === null) return 0;
    const passed = this.#options.clock.now() - this.#pause.since;
    return passed < 0 ? 0 : this.#pause.milliseconds - passed;
  }

  #reading(): Reading<T> {
    const due = this.#isOver ? HOPELESS_SECONDS : Math.max(0, this.#pauseLeft()) / 1_000;
    const state = { problem: this.#problem, due };
    if (this.#known === null) return { value: null, asOf: null, age: null, ...state };
    const { record, value } = this.#known;
    const passed = Math.max(0, this.#options.clock.now() - record.receivedAt) / 1_000;
    const asOf = new Date(record.receivedAt - record.age * 1_000);
    return { value, asOf, age: Math.floor(record.age + passed), ...state };
  }

  async #load(): Promise<void> {
    try {
      const record = JSON.parse(
        (await this.#options.store.read(this.#path)) ?? "null",
      ) as Known | null;
      if (record?.owner !== this.#options.owner || this.#isOver) return;
      if (!Number.isFinite(record.age) || !Number.isFinite(record.receivedAt)) return;
      this.#known = { record, value: this.#parse(JSON.parse(record.body)) };
    } catch {
      // Nothing that can be read is nothing stored.
    }
  }

  async #save(record: Known): Promise<void> {
    try {
      await this.#options.store.write(this.#path, JSON.stringify(record));
      // Written while the user signed out: what clear() removed must not be there again.
      if (this.#isOver) await this.#options.store.clear();
    } catch {
      // It is still known in this process.
    }
  }
}
