/**
 * The answers of `GET /v1/balance/history` as the account's Durable Object holds them ready: computed once per
 * point and question, so that charts cost the one object that refreshes next to nothing.
 */
import { weakEtag } from "../lib/etag.ts";
import { ExpiringMap } from "../lib/expiring-map.ts";
import type { HistoryExcerpt } from "./store.ts";
import { toHistoryView } from "./view.ts";

export interface Chart {
  readonly etag: string;
  /** JSON; null when the asker has it already. */
  readonly body: string | null;
}

/** How many questions are held ready at a time; an app asks two or three. */
const MAX_CHARTS = 16;
/** There is a point a day at least, unless Zoo fails: then the window moves on by the day all the same. */
const MAX_AGE_MS = 86_400_000;

interface Ready {
  readonly etag: string;
  readonly body: string;
  readonly computedAt: number;
}

export class Charts {
  /** By account, source and number of days; the oldest first. */
  #ready = new ExpiringMap<Ready>(MAX_CHARTS);
  /** How many points have come: what was computed before the last one is not kept. */
  #points = 0;

  /** A point has come: nothing that was computed before holds any more. */
  clear(): void {
    this.#ready = new ExpiringMap(MAX_CHARTS);
    this.#points += 1;
  }

  /**
   * @param known the `ETag` that the asker has a body of; null without one
   * @param excerpt computes the answer
   */
  async chart(
    question: { readonly account: string; readonly source: string; readonly days: number },
    known: string | null,
    now: number,
    excerpt: () => HistoryExcerpt,
  ): Promise<Chart> {
    const key = JSON.stringify([question.account, question.source, question.days]);
    const ready = this.#ready.get(key);
    const current =
      ready !== undefined && Math.abs(now - ready.computedAt) < MAX_AGE_MS
        ? ready
        : await this.#compute(key, question.account, now, excerpt());
    return { etag: current.etag, body: current.etag === known ? null : current.body };
  }

  async #compute(
    key: string,
    account: string,
    computedAt: number,
    excerpt: HistoryExcerpt,
  ): Promise<Ready> {
    const points = this.#points;
    const view = toHistoryView(account, excerpt);
    // Of what is known, not of the moment of the question: the forecast moves with every second.
    const { from: _, to: __, lasts_until: ___, spend_per_day: ____, ...lasting } = view;
    const ready = { etag: await weakEtag(lasting), body: JSON.stringify(view), computedAt };
    if (points !== this.#points) return ready;
    this.#ready.set(key, ready, Number.POSITIVE_INFINITY);
    return ready;
  }
}
