/**
 * How far things are from each other at the edge: round trips in milliseconds, from public measurements of
 * late 2026, as quantiles. Seeded, so that two runs meet the same distances in the same order.
 */

/** Ascending pairs of a share from 0 to 1 and the milliseconds that this share stays below. */
type Quantiles = readonly (readonly [share: number, ms: number])[];

export interface City {
  readonly name: string;
  /** Share of all visitors. */
  readonly share: number;
  /** A KV read that the city's own cache cannot answer. */
  readonly kv: Quantiles;
  /** To the place where the objects live. */
  readonly hop: Quantiles;
}

const between = (low: number, high: number): Quantiles => [
  [0, low],
  [1, high],
];
const ABROAD = between(90, 240);

/** The objects live in the first. */
export const CITIES: readonly City[] = [
  { name: "Frankfurt", share: 0.35, kv: tail(28, 89), hop: between(4, 18) },
  { name: "London", share: 0.15, kv: tail(28, 89), hop: between(88, 201) },
  { name: "New York", share: 0.25, kv: tail(28, 204), hop: ABROAD },
  { name: "São Paulo", share: 0.1, kv: tail(92, 321), hop: ABROAD },
  { name: "Mumbai", share: 0.1, kv: tail(92, 583), hop: ABROAD },
  { name: "Nairobi", share: 0.05, kv: tail(92, 630), hop: ABROAD },
];
export const HOME = 0;

/** A key that its city has read within `cacheTtl`. */
export const KV_HOT = between(2, 9);
/** A key that nobody anywhere has read for a while. */
export const KV_COLD = between(160, 300);
/** An object that has to be started first. */
export const COLD_ATTACH = between(280, 320);
export const ZOO = quantiles(300, 700, 2_200, 3_000);
export const IDENTITY_PROVIDER = between(80, 300);

/** Half are below `p50`, 95 % below `p95`; the longest is the longest of all measured. */
function tail(p50: number, p95: number): Quantiles {
  return quantiles(p50 / 3, p50, p95, Math.max(2 * p95, p50));
}

function quantiles(least: number, p50: number, p95: number, most: number): Quantiles {
  return [
    [0, least],
    [0.5, p50],
    [0.95, p95],
    [1, most],
  ];
}

/** Seeded random numbers, one sequence per purpose: what one purpose draws moves no other. */
export class Draws {
  readonly #seed: number;
  readonly #sequences = new Map<string, () => number>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** From 0 to 1. */
  next(purpose: string): number {
    let sequence = this.#sequences.get(purpose);
    if (sequence === undefined) {
      sequence = mulberry32(hashOf(`${this.#seed} ${purpose}`));
      this.#sequences.set(purpose, sequence);
    }
    return sequence();
  }

  /** A whole number below `end`. */
  below(end: number, purpose: string): number {
    return Math.floor(this.next(purpose) * end);
  }

  /** Milliseconds, evenly between the quantiles that are known. */
  ms(known: Quantiles, purpose: string): number {
    const share = this.next(purpose);
    const at = Math.max(
      1,
      known.findIndex(([upTo]) => share <= upTo),
    );
    const [fromShare, fromMs] = known[at - 1] ?? [0, 0];
    const [toShare, toMs] = known[at] ?? [1, fromMs];
    return fromMs + ((share - fromShare) / (toShare - fromShare)) * (toMs - fromMs);
  }
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  return hash >>> 0;
}

function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
