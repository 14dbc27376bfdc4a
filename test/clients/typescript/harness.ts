/** Plays the steps of the table with the TypeScript client: a line of JSON in, a line of JSON out. */
import {
  type Balance,
  BalanceClient,
  type Clock,
  type History,
  type Reading,
  type Status,
  type Store,
} from "../../../src/clients/typescript/client.ts";

interface Start {
  readonly baseUrl: string;
  readonly folder: string;
  readonly owner: string;
  readonly now: number;
  readonly timeout: number;
  readonly credentials: string[];
}

type Command =
  | ({ op: "start" } & Start)
  | { op: "credentials"; credentials: string[] }
  | { op: "advance"; milliseconds: number }
  | { op: "last" | "refresh" | "status" | "history" | "watch" | "unwatch" }
  | { op: "begin" | "cancel" | "outcome" | "clear" };

class Harness {
  readonly #client: BalanceClient;
  readonly #emit: (event: object) => void;
  readonly #sleepers = new Set<() => void>();
  #credentials: string[];
  #now: number;
  #watch = new AbortController();
  #watching: Promise<void> = Promise.resolve();
  #begun = new AbortController();
  #outcome: Promise<object> = Promise.resolve({});

  constructor(start: Start, store: Store, emit: (event: object) => void) {
    this.#emit = emit;
    this.#now = start.now;
    this.#credentials = start.credentials;
    const clock: Clock = {
      now: () => this.#now,
      sleep: (milliseconds, signal) => this.#sleep(milliseconds, signal),
    };
    this.#client = new BalanceClient({
      ...{ baseUrl: start.baseUrl, owner: start.owner, timeout: start.timeout, store, clock },
      random: () => 0,
      credential: async (renew) => {
        if (renew && this.#credentials.length > 1) this.#credentials.shift();
        const [credential = "none"] = this.#credentials;
        if (credential === "none") throw new Error("The identity provider cannot be reached");
        return credential;
      },
    });
  }

  async play(command: Exclude<Command, { op: "start" }>): Promise<object> {
    const client = this.#client;
    switch (command.op) {
      case "credentials":
        this.#credentials = command.credentials;
        return {};
      case "last":
        for await (const reading of client.balances()) return shown(reading);
        throw new Error("The stream was empty");
      case "refresh":
        return shown(await client.refresh());
      case "status":
        return shown(await client.status());
      case "history":
        return historyShown(await client.history());
      case "watch":
        this.#watch = new AbortController();
        this.#watching = this.#follow(this.#watch.signal);
        return {};
      case "unwatch":
        this.#watch.abort();
        await this.#watching;
        return {};
      case "advance":
        this.#now += command.milliseconds;
        for (const wake of [...this.#sleepers]) wake();
        return {};
      case "begin":
        this.#begun = new AbortController();
        this.#outcome = client
          .refresh({ signal: this.#begun.signal })
          .then(shown, () => ({ cancelled: true }));
        return {};
      case "cancel":
        this.#begun.abort();
        return this.#outcome;
      case "outcome":
        return this.#outcome;
      case "clear":
        await client.clear();
        return {};
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    for await (const reading of this.#client.balances({ signal })) {
      this.#emit({ event: "reading", reading: shown(reading) });
    }
    this.#emit({ event: "end" });
  }

  #sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    this.#emit({ event: "sleep", milliseconds });
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = () => {
      this.#sleepers.delete(end);
      signal.removeEventListener("abort", end);
      resolve();
    };
    this.#sleepers.add(end);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
    return promise;
  }
}

const plain = (decimal: string | null | undefined): string | null =>
  decimal?.replace(/\.0+$|(\.\d*?)0+$/, "$1") ?? null;

function shown({ value, age, problem }: Reading<Balance | Status>): object {
  const balance: Partial<Balance> = value ?? {};
  return {
    available: plain(balance.available),
    status: balance.status ?? null,
    low_below: plain(balance.low_below),
    blocked: balance.blocked ?? null,
    total_due: plain(balance.total_due),
    plan: balance.plan?.title ?? null,
    stale: balance.stale ?? null,
    stale_reason: balance.stale_reason ?? null,
    problem: problem?.code ?? null,
    age,
  };
}

function historyShown({ value, problem }: Reading<History>): object {
  return {
    points: value?.points.length ?? null,
    forecast_reason: value?.forecast_reason ?? null,
    problem: problem?.code ?? null,
  };
}

/** @returns what takes a line; answers and events go to `emit` */
export function createHarness(
  storeIn: (folder: string) => Store,
  emit: (message: object) => void,
): (line: string) => Promise<void> {
  let harness: Harness | null = null;
  return async (line) => {
    const command = JSON.parse(line) as Command;
    if (command.op === "start") {
      harness = new Harness(command, storeIn(command.folder), emit);
      emit({ answer: {} });
    } else if (harness !== null) {
      emit({ answer: await harness.play(command) });
    }
  };
}
