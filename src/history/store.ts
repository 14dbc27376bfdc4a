/**
 * What the balance was: rows in the account's Durable Object (SQLite). Bounded: everything for 7 days, then
 * the last of each hour, after 90 days the last of each day, after 400 days nothing.
 *
 * Rows say where they came from, so an account that gets another source starts anew, and loses nothing
 * should it get the old one back.
 */

import type { BalanceRecord } from "../balance/record.ts";
import type { Money } from "../lib/money.ts";
import { type Forecast, forecast } from "./forecast.ts";

export interface Point {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly available: Money;
  readonly monthly: Money;
  readonly prepaid: Money;
  readonly total_due: Money | null;
}
type Row = { [Name in keyof Point]: Point[Name] };

export interface HistoryExcerpt {
  readonly from: number;
  readonly to: number;
  /** Oldest first, at most {@link MAX_POINTS}. */
  readonly points: readonly Point[];
  readonly forecast: Forecast;
}

export const MAX_POINTS = 1_000;
export const MAX_DAYS = 400;
export const DEFAULT_DAYS = 30;

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Past this, minutes are enough, whatever the operator calls fresh. */
const MAX_ROWS = 20_000;

const COLUMNS = "at, available, monthly, prepaid, total_due";

export class History {
  readonly #sql: SqlStorage;
  #thinnedAt = 0;

  /** Creates the table where there is none; its name carries the version of its form. */
  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(`CREATE TABLE IF NOT EXISTS history_v1 (
      source TEXT NOT NULL, at INTEGER NOT NULL, available TEXT NOT NULL, monthly TEXT NOT NULL,
      prepaid TEXT NOT NULL, total_due TEXT, PRIMARY KEY (source, at)) WITHOUT ROWID`);
  }

  /** A point where the balance has changed, and at least one a day. */
  add({ source, fetched_at: at, balance }: BalanceRecord): void {
    const point: Point = {
      at,
      available: balance.available,
      monthly: balance.monthly.remaining,
      prepaid: balance.prepaid.remaining,
      total_due: balance.total_due,
    };
    const last = this.#rows(source, "ORDER BY at DESC LIMIT 1")[0];
    if (last !== undefined && at - last.at < DAY_MS && isSame(last, point)) return;
    this.#sql.exec(
      `INSERT OR REPLACE INTO history_v1 (source, ${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)`,
      source,
      ...[point.at, point.available, point.monthly, point.prepaid, point.total_due],
    );
    if (at - this.#thinnedAt >= HOUR_MS) this.#thin(at);
  }

  /** @param days from 1 to {@link MAX_DAYS} */
  excerpt(source: string, days: number, now: number): HistoryExcerpt {
    const from = now - days * DAY_MS;
    const { count } = this.#sql
      .exec<{ count: number }>(
        "SELECT COUNT(*) AS count FROM history_v1 WHERE source = ? AND at >= ? AND at <= ?",
        ...[source, from, now],
      )
      .one();
    const bucketMs = count > MAX_POINTS ? Math.ceil((days * DAY_MS) / (MAX_POINTS - 1)) : 1;
    const points = this.#rows(
      source,
      `AND at IN (SELECT MAX(at) FROM history_v1 WHERE source = ? AND at >= ? AND at <= ?
        GROUP BY (at - CAST(? AS INTEGER)) / CAST(? AS INTEGER)) ORDER BY at`,
      ...[source, from, now, from, bucketMs],
    );
    return { from, to: now, points, forecast: this.#forecast(source, now) };
  }

  /** How long the balance lasts by the forecast, milliseconds: `Infinity` without spending, null when not known yet. */
  lastsMs(source: string, now: number): number | null {
    const { lasts_until, forecast_reason } = this.#forecast(source, now);
    switch (forecast_reason) {
      case null:
        return lasts_until - now;
      case "not_spending":
        return Number.POSITIVE_INFINITY;
      case "not_enough_history":
        return null;
    }
  }

  #forecast(source: string, now: number): Forecast {
    // A week, and what was before it: its first fall is one from there.
    const week = this.#rows(
      source,
      `AND at <= ? AND at >= COALESCE(
        (SELECT MAX(at) FROM history_v1 WHERE source = ? AND at <= ?), 0) ORDER BY at`,
      ...[now, source, now - 7 * DAY_MS],
    );
    return forecast(week, now);
  }

  #rows(source: string, rest: string, ...bindings: (string | number)[]): Row[] {
    const query = `SELECT ${COLUMNS} FROM history_v1 WHERE source = ? ${rest}`;
    return this.#sql.exec<Row>(query, source, ...bindings).toArray();
  }

  #thin(now: number): void {
    this.#thinnedAt = now;
    this.#sql.exec("DELETE FROM history_v1 WHERE at < ?", now - MAX_DAYS * DAY_MS);
    this.#keepLastOfEach(DAY_MS, now - 90 * DAY_MS);
    this.#keepLastOfEach(HOUR_MS, now - 7 * DAY_MS);
    const { rows } = this.#sql
      .exec<{ rows: number }>("SELECT COUNT(*) AS rows FROM history_v1")
      .one();
    if (rows > MAX_ROWS) this.#keepLastOfEach(MINUTE_MS, now - HOUR_MS);
  }

  /** The span is written out: as a binding it would be REAL, whose division is not whole. */
  #keepLastOfEach(ms: typeof DAY_MS | typeof HOUR_MS | typeof MINUTE_MS, before: number): void {
    this.#sql.exec(
      `DELETE FROM history_v1 WHERE at < ?1 AND EXISTS (SELECT 1 FROM history_v1 AS later
        WHERE later.source = history_v1.source AND later.at > history_v1.at
        AND later.at < (history_v1.at / ${ms} + 1) * ${ms} AND later.at < ?1)`,
      before,
    );
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
