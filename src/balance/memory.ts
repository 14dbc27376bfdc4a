/**
 * What this isolate knows of each account: the newest value, the last failure, and when it last acted
 * for it. Plain data, never a promise (see `config/isolate-state.ts`).
 */
import type { Failure } from "./backoff.ts";
import { type BalanceRecord, newest } from "./record.ts";

export interface Known {
  readonly record: BalanceRecord | null;
  /** Of the last attempt, as far as this isolate has heard; null after a success. */
  readonly failure: Failure | null;
  /** Look into KV again after this, epoch milliseconds. */
  readonly recentUntil: number;
}

/** How long past freshness an isolate answers without looking elsewhere. */
const GRACE_MS = 5_000;
/** How long an isolate trusts that the refresh it started is under way. */
const REFRESH_UNDER_WAY_MS = 2_000;

const NOTHING: Known = { record: null, failure: null, recentUntil: 0 };

export class BalanceMemory {
  // A few entries per configured account, so both are bounded by the configuration.
  readonly #known = new Map<string, Known>();
  /** Epoch milliseconds by action and account. */
  readonly #lastDoneAt = new Map<string, number>();

  get(account: string): Known {
    return this.#known.get(account) ?? NOTHING;
  }

  /** Keeps the newer of the known value and `record`. A failure older than that value is over. */
  learn(
    account: string,
    record: BalanceRecord | null,
    failure: Failure | null,
    freshSeconds: number,
  ): void {
    const now = Date.now();
    const best = newest(this.get(account).record, record);
    const freshUntil = best === null ? 0 : best.fetched_at + freshSeconds * 1_000;
    const overcome = failure !== null && best !== null && best.fetched_at > failure.at;
    this.#known.set(account, {
      record: best,
      failure: overcome ? null : failure,
      recentUntil: Math.max(freshUntil, now) + GRACE_MS,
    });
  }

  /** Throttles stale-while-revalidate: one refresh of this isolate at a time, not one per request. */
  mayStartRefresh(account: string, now: number): boolean {
    return this.#once(`refresh ${account}`, REFRESH_UNDER_WAY_MS, now);
  }

  /** Throttles reports of readers to the object. */
  mayReportReader(account: string, intervalMs: number, now: number): boolean {
    return this.#once(`reader ${account}`, intervalMs, now);
  }

  /** Throttles reads ahead of a caller's verification: no more of them than there would be reads. */
  mayReadAhead(account: string, now: number): boolean {
    return this.#once(`ahead ${account}`, GRACE_MS, now);
  }

  #once(action: string, intervalMs: number, now: number): boolean {
    if (now - (this.#lastDoneAt.get(action) ?? 0) < intervalMs) return false;
    this.#lastDoneAt.set(action, now);
    return true;
  }
}
