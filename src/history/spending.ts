/**
 * What was spent on each UTC day: the falls of `available`, added up as points come. A table of its own,
 * since points are thinned, and a fall and a rise within an hour would cancel out.
 */
import { addMoney, compareMoney, type Money, subtractMoney, ZERO } from "../lib/money.ts";
import { timeOf } from "../lib/schema.ts";
import type { Points } from "./points.ts";

const DAY_MS = 86_400_000;

export interface DaySpent {
  /** UTC, `2026-11-24`. */
  readonly day: string;
  readonly spent: Money;
}

/** @param at epoch milliseconds */
const dayOf = (at: number) => timeOf(at).slice(0, 10);

export class Spending {
  readonly #sql: SqlStorage;
  readonly #points: Points;
  /** The newest point that has been looked at since the object woke up. */
  #seen: { readonly source: string; readonly at: number } | null = null;

  /**
   * Creates the table where there is none; its name carries the version of its form. `until` is the time of
   * the last fall in the sum: later points are still to be added up.
   */
  constructor(sql: SqlStorage, points: Points) {
    this.#sql = sql;
    this.#points = points;
    sql.exec(`CREATE TABLE IF NOT EXISTS spent_v1 (
      source TEXT NOT NULL, day TEXT NOT NULL, spent TEXT NOT NULL, until INTEGER NOT NULL,
      PRIMARY KEY (source, day)) WITHOUT ROWID`);
  }

  /** Adds up the points since the last fall: the new one, and what a version without this table has left. */
  addUp(source: string): void {
    const from = this.#seen?.source === source ? this.#seen.at : this.#lastFallAt(source);
    const points = this.#points.within(source, { from, to: Number.MAX_SAFE_INTEGER });
    let before: Money | null = null;
    for (const { at, available } of points) {
      if (before !== null && compareMoney(available, before) < 0) {
        this.#add(source, at, subtractMoney(before, available));
      }
      before = available;
      this.#seen = { source, at };
    }
  }

  /** Epoch milliseconds; 0 without a fall. */
  #lastFallAt(source: string): number {
    const [last] = this.#sql
      .exec<{ until: number }>(
        "SELECT until FROM spent_v1 WHERE source = ? ORDER BY day DESC LIMIT 1",
        source,
      )
      .toArray();
    return last?.until ?? 0;
  }

  /** Of the last `days` days up to `now`, as far as there is history; oldest first. */
  perDay(source: string, days: number, now: number): DaySpent[] {
    const first = this.#points.first(source);
    if (first === null) return [];
    const today = Math.floor(now / DAY_MS);
    const from = Math.max(today - days + 1, Math.floor(first.at / DAY_MS));
    const rows = this.#sql
      .exec<{ day: string; spent: Money }>(
        "SELECT day, spent FROM spent_v1 WHERE source = ? AND day >= ?",
        ...[source, dayOf(from * DAY_MS)],
      )
      .toArray();
    const spent = new Map(rows.map((row) => [row.day, row.spent]));
    return Array.from({ length: Math.max(0, today - from + 1) }, (_, n) => {
      const day = dayOf((from + n) * DAY_MS);
      return { day, spent: spent.get(day) ?? ZERO };
    });
  }

  /** Removes the days before, of all sources. */
  removeBefore(at: number): void {
    this.#sql.exec("DELETE FROM spent_v1 WHERE day < ?", dayOf(Math.max(0, at)));
  }

  #add(source: string, at: number, fall: Money): void {
    const day = dayOf(at);
    const [row] = this.#sql
      .exec<{ spent: Money }>(
        "SELECT spent FROM spent_v1 WHERE source = ? AND day = ?",
        source,
        day,
      )
      .toArray();
    this.#sql.exec(
      "INSERT OR REPLACE INTO spent_v1 (source, day, spent, until) VALUES (?, ?, ?, ?)",
      ...[source, day, addMoney(row?.spent ?? ZERO, fall), at],
    );
  }
}
