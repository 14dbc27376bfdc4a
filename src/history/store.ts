/** What the balance was: the history in the account's Durable Object, and what is computed from it. */
import type { BalanceRecord } from "../balance/record.ts";
import { type Forecast, SpendWindow, WINDOW_MS } from "./forecast.ts";
import { type Point, Points } from "./points.ts";
import { MAX_DAYS, Retention } from "./retention.ts";
import { type DaySpent, Spending } from "./spending.ts";

export interface HistoryExcerpt {
  /** Epoch milliseconds. */
  readonly from: number;
  readonly to: number;
  /** Oldest first, at most {@link MAX_POINTS}. */
  readonly points: readonly Point[];
  readonly forecast: Forecast;
  /** Oldest first. */
  readonly days: readonly DaySpent[];
}

export const MAX_POINTS = 1_000;
export const DEFAULT_DAYS = 30;

const DAY_MS = 86_400_000;

export class History {
  readonly #points: Points;
  readonly #spending: Spending;
  readonly #retention: Retention;
  /** Made at its first use, then kept up to date. */
  #window: { readonly source: string; readonly spend: SpendWindow } | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#points = new Points(storage.sql);
    this.#spending = new Spending(storage.sql, this.#points);
    this.#retention = new Retention(storage, this.#points);
  }

  /**
   * Adds a point where the balance has changed, and at least one a day.
   *
   * @returns whether it did
   */
  add({ source, fetched_at: at, balance }: BalanceRecord): boolean {
    const point: Point = {
      at,
      available: balance.available,
      monthly: balance.monthly.remaining,
      prepaid: balance.prepaid.remaining,
      total_due: balance.total_due,
    };
    const last = this.#points.last(source);
    if (last !== null && at - last.at < DAY_MS && isSame(last, point)) return false;
    this.#points.add(source, point);
    const spend = this.#window?.source === source ? this.#window.spend : null;
    // Not newer than the last one: the clock has moved back. Then the window is made anew.
    if (spend === null || at <= (spend.lastAt ?? 0)) this.#window = null;
    else spend.add(point);
    this.#spending.addUp(source);
    if (this.#retention.apply(at)) this.#spending.removeBefore(at - MAX_DAYS * DAY_MS);
    return true;
  }

  /** @param days from 1 to {@link MAX_DAYS} */
  excerpt(source: string, days: number, now: number): HistoryExcerpt {
    const from = now - days * DAY_MS;
    const span = { from, to: now + 1 };
    const fits = this.#points.count(source, span, MAX_POINTS + 1) <= MAX_POINTS;
    // The first bucket and the last one are cut, so one less fits.
    const widthMs = Math.ceil((days * DAY_MS) / (MAX_POINTS - 1));
    this.#spending.addUp(source);
    return {
      from,
      to: now,
      points: fits
        ? this.#points.within(source, span)
        : this.#points.lastPerBucket(source, span, widthMs),
      forecast: this.#spend(source, now).forecast(now),
      days: this.#spending.perDay(source, days, now),
    };
  }

  /** How long the balance lasts by the forecast, milliseconds: `Infinity` without spending, null when not known yet. */
  lastsMs(source: string, now: number): number | null {
    const { lasts_until, forecast_reason } = this.#spend(source, now).forecast(now);
    switch (forecast_reason) {
      case null:
        return lasts_until - now;
      case "not_spending":
        return Number.POSITIVE_INFINITY;
      case "not_enough_history":
        return null;
    }
  }

  #spend(source: string, now: number): SpendWindow {
    if (this.#window?.source === source) return this.#window.spend;
    // A week, and what was before it: its first fall is one from there.
    const before = this.#points.last(source, now - WINDOW_MS + 1);
    const week = { from: before?.at ?? 0, to: now + 1 };
    const spend = new SpendWindow();
    for (const point of this.#points.within(source, week)) spend.add(point);
    this.#window = { source, spend };
    return spend;
  }
}

function isSame(a: Point, b: Point): boolean {
  return (
    a.available === b.available &&
    a.monthly === b.monthly &&
    a.prepaid === b.prepaid &&
    a.total_due === b.total_due
  );
}
