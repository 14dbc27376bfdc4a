/**
 * The platform's part of a run, for both worlds: what a read of Workers KV finds and how long it takes, how
 * far an object is, what Zoo and the identity provider answer. Decides only; each world does the waiting.
 */
import { balanceBody } from "../zoo/bodies.ts";
import {
  CITIES,
  COLD_ATTACH,
  Draws,
  HOME,
  IDENTITY_PROVIDER,
  KV_COLD,
  KV_HOT,
  ZOO,
} from "./latency.ts";
import type { Scenario, Span } from "./scenarios.ts";

/** In real time; a scenario's pace shortens them. */
const PROPAGATION_MS = 30_000;
const ISOLATE_IDLE_MS = 60_000;
const OBJECT_IDLE_MS = 10_000;
const KV_FORGOTTEN_MS = 3_600_000;

const FAILS_AFTER_MS = 300;
const AMOUNT = { before: 24.9, after: 124.9 };
/** What the view shows as prepaid after the purchase. */
export const BOUGHT = `"remaining":"${AMOUNT.after.toFixed(2)}"`;

interface Version {
  readonly value: string;
  readonly at: number;
}

export interface Counts {
  zoo: number;
  kvReads: number;
  kvWrites: number;
  objects: number;
  /** Alarms of objects, data points and log lines: only the simulator counts them. */
  alarms: number;
  points: number;
  lines: number;
}

/** An answer, and after how many milliseconds it comes. */
interface Timed {
  readonly ms: number;
  readonly status: number;
  readonly body: string;
}

/** What the servers of a world decide by. */
export type EdgeModel = Pick<Edge, "read" | "write" | "hop" | "zoo" | "keys">;

export class Edge {
  readonly counts: Counts = {
    ...{ zoo: 0, kvReads: 0, kvWrites: 0, objects: 0 },
    ...{ alarms: 0, points: 0, lines: 0 },
  };
  readonly #scenario: Scenario;
  readonly #draws: Draws;
  readonly #start: number;
  readonly #stored = new Map<string, Version[]>();
  readonly #cached = new Map<string, { readonly value: string | null; readonly until: number }>();
  readonly #readAt = new Map<string, number>();
  readonly #touchedAt = new Map<string, number>();
  readonly #isolates = new Map<string, { usedAt: number; generation: number }>();

  /** @param start epoch milliseconds, as are all times here */
  constructor(scenario: Scenario, start: number) {
    this.#scenario = scenario;
    this.#draws = new Draws(scenario.seed);
    this.#start = start;
  }

  /** What is there before the run begins, and everywhere. */
  store(key: string, value: string): void {
    this.#stored.set(key, [{ value, at: 0 }]);
  }

  write(key: string, value: string, now: number): void {
    this.counts.kvWrites += 1;
    const before = (this.#stored.get(key) ?? []).slice(-3);
    this.#stored.set(key, [...before, { value, at: now }]);
  }

  read(
    city: number,
    key: string,
    cacheTtl: number,
    now: number,
  ): { readonly ms: number; readonly value: string | null } {
    this.counts.kvReads += 1;
    const { kvStalls, pace } = this.#scenario;
    const place = `${city} ${key}`;
    const cached = this.#cached.get(place);
    const isHot = cached !== undefined && now < cached.until;
    const isForgotten = now - (this.#readAt.get(key) ?? 0) > KV_FORGOTTEN_MS * pace;
    const distance = isForgotten ? KV_COLD : (CITIES[city]?.kv ?? KV_COLD);
    const usual = this.#draws.ms(isHot ? KV_HOT : distance, `kv ${city} ${kindOf(key)} ${isHot}`);
    const stall = this.#isIn(kvStalls, now) ? (kvStalls?.ms ?? 0) : 0;
    const value = isHot ? cached.value : this.#visible(city, key, now);
    this.#readAt.set(key, now);
    if (!isHot) this.#cached.set(place, { value, until: now + cacheTtl * 1_000 * pace });
    const ms = Math.max(stall, usual);
    return { ms, value };
  }

  /** Milliseconds to an object and back. */
  hop(
    city: number,
    object: string,
    now: number,
  ): { readonly ms: number; readonly isCold: boolean } {
    this.counts.objects += 1;
    const idleMs = now - (this.#touchedAt.get(object) ?? 0);
    const isCold = idleMs > OBJECT_IDLE_MS * this.#scenario.pace;
    this.#touchedAt.set(object, now);
    const near = CITIES[city]?.hop ?? COLD_ATTACH;
    return {
      ms: this.#draws.ms(isCold ? COLD_ATTACH : near, `hop ${city} ${kindOf(object)} ${isCold}`),
      isCold,
    };
  }

  /** The isolate that a visit's request meets: a new one where the machine had nothing to do for a while. */
  isolate(city: number, machine: number, now: number): string {
    const place = `${city}-${machine}`;
    const isolate = this.#isolates.get(place) ?? { usedAt: 0, generation: 0 };
    if (now - isolate.usedAt > ISOLATE_IDLE_MS * this.#scenario.pace) isolate.generation += 1;
    isolate.usedAt = now;
    this.#isolates.set(place, isolate);
    return `${place}-${isolate.generation}`;
  }

  zoo(path: string, now: number): Timed {
    const { zooDown, purchaseAt } = this.#scenario;
    if (path !== "/user/payment/balance") {
      const ms = this.#draws.ms(ZOO, "access");
      return { ms, status: 200, body: JSON.stringify({ block: null, allow_pay_as_you_go: true }) };
    }
    this.counts.zoo += 1;
    const ms = this.#draws.ms(ZOO, "zoo");
    if (this.#isIn(zooDown, now)) return { ms: FAILS_AFTER_MS, status: 503, body: "{}" };
    const isAfter = purchaseAt !== undefined && now >= this.#start + purchaseAt;
    const body = {
      ...balanceBody("2026-08", { includeTotalDue: true }),
      stable_api_credits_remaining_monetary_value: isAfter ? AMOUNT.after : AMOUNT.before,
    };
    return { ms, status: 200, body: JSON.stringify(body) };
  }

  keys(keys: string, now: number): Timed {
    const ms = this.#draws.ms(IDENTITY_PROVIDER, "keys");
    const isDown = this.#isIn(this.#scenario.providerDown, now);
    return isDown ? { ms, status: 503, body: "" } : { ms, status: 200, body: keys };
  }

  #isIn(span: Span | undefined, now: number): boolean {
    const at = now - this.#start;
    return span !== undefined && at >= span.from && at < span.to;
  }

  /** A write is seen at once where it was made, and elsewhere later. */
  #visible(city: number, key: string, now: number): string | null {
    const delay = city === HOME ? 0 : PROPAGATION_MS * this.#scenario.pace;
    const seen = (this.#stored.get(key) ?? []).filter(({ at }) => at + delay <= now);
    return seen.at(-1)?.value ?? null;
  }
}

/** Without what differs from run to run: ports and digests. */
const kindOf = (key: string) =>
  key.startsWith("BALANCE_KV") ? key.split(":")[0] : key.split(" ")[0];
