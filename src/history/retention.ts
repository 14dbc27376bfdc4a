/**
 * How long points are kept, and how many of them. Thinning is incremental: once an hour, only what has come
 * of age since the last time is looked at, also when the object was away in between.
 */
import * as z from "zod/mini";
import { moment, version, whole } from "../lib/schema.ts";
import type { Points } from "./points.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

export const MAX_DAYS = 400;

/** What is older than that is thinned to the last of each bucket. */
const RETENTION = [
  { olderThanMs: 90 * DAY_MS, keepLastPerMs: DAY_MS },
  { olderThanMs: 7 * DAY_MS, keepLastPerMs: HOUR_MS },
] as const;

/** With more rows than this, one a minute is enough, however short FRESH_SECONDS are. */
const MAX_ROWS = 20_000;
const WHEN_FULL = { olderThanMs: HOUR_MS, keepLastPerMs: MINUTE_MS } as const;

const THINNED_KEY = "history_thinned";
const thinnedSchema = z.strictObject({
  v: version(1),
  /** Epoch milliseconds. */
  at: moment,
  /** That were left. */
  rows: whole(0, Number.MAX_SAFE_INTEGER),
});

export class Retention {
  readonly #storage: DurableObjectStorage;
  readonly #points: Points;

  constructor(storage: DurableObjectStorage, points: Points) {
    this.#storage = storage;
    this.#points = points;
  }

  /** @returns whether an hour has passed since the last time, so that it thinned */
  apply(now: number): boolean {
    const last = this.#thinned(now);
    if (now - last.at < HOUR_MS) return false;
    const rows = this.#points.sources().reduce((sum, source) => {
      const added = this.#points.count(source, { from: last.at, to: Number.MAX_SAFE_INTEGER });
      return sum + added - this.#thin(source, last.at, now);
    }, last.rows);
    const removed = rows > MAX_ROWS ? this.#thinFull(now) : 0;
    const thinned = { v: 1, at: now, rows: Math.max(0, rows - removed) };
    this.#storage.kv.put(THINNED_KEY, thinned);
    return true;
  }

  /** @returns how many rows were removed */
  #thin(source: string, lastAt: number, now: number): number {
    let removed = this.#points.remove(source, { from: 0, to: now - MAX_DAYS * DAY_MS });
    for (const { olderThanMs, keepLastPerMs } of RETENTION) {
      // From the beginning of the bucket that was cut through the last time.
      const from = Math.floor(Math.max(0, lastAt - olderThanMs) / keepLastPerMs) * keepLastPerMs;
      const span = { from, to: now - olderThanMs };
      removed += this.#points.keepLastPerBucket(source, span, keepLastPerMs);
    }
    return removed;
  }

  #thinFull(now: number): number {
    const { olderThanMs, keepLastPerMs } = WHEN_FULL;
    const span = { from: 0, to: now - olderThanMs };
    return this.#points
      .sources()
      .reduce(
        (sum, source) => sum + this.#points.keepLastPerBucket(source, span, keepLastPerMs),
        0,
      );
  }

  #thinned(now: number) {
    const { data } = thinnedSchema.safeParse(this.#storage.kv.get(THINNED_KEY));
    // From the future: written before the clock moved back. Then everything is looked at once more.
    return data === undefined || data.at > now ? { at: 0, rows: 0 } : data;
  }
}
