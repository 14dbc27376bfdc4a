/**
 * The points of an account's history: rows in its Durable Object (SQLite). Rows say where they came from, so
 * an account that gets another source starts anew, and loses nothing should it get the old one back.
 */
import type { Money } from "../lib/money.ts";

export interface Point {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly available: Money;
  readonly monthly: Money;
  readonly prepaid: Money;
  readonly total_due: Money | null;
}
type Row = { [Name in keyof Point]: Point[Name] };

/** From (inclusive) and to (exclusive), epoch milliseconds. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

const AMOUNTS = "available, monthly, prepaid, total_due";

export class Points {
  readonly #sql: SqlStorage;

  /** Creates the table where there is none; its name carries the version of its form. */
  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(`CREATE TABLE IF NOT EXISTS history_v1 (
      source TEXT NOT NULL, at INTEGER NOT NULL, available TEXT NOT NULL, monthly TEXT NOT NULL,
      prepaid TEXT NOT NULL, total_due TEXT, PRIMARY KEY (source, at)) WITHOUT ROWID`);
  }

  add(source: string, { at, available, monthly, prepaid, total_due }: Point): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO history_v1 (source, at, ${AMOUNTS}) VALUES (?, ?, ?, ?, ?, ?)`,
      ...[source, at, available, monthly, prepaid, total_due],
    );
  }

  first(source: string): Point | null {
    return this.#select(`at, ${AMOUNTS}`, source, "ORDER BY at LIMIT 1")[0] ?? null;
  }

  /** The newest one, or the newest one before a time (epoch milliseconds). */
  last(source: string, before = Number.MAX_SAFE_INTEGER): Point | null {
    const rest = "AND at < ? ORDER BY at DESC LIMIT 1";
    return this.#select(`at, ${AMOUNTS}`, source, rest, before)[0] ?? null;
  }

  /** Oldest first. */
  within(source: string, { from, to }: Span): Point[] {
    return this.#select(`at, ${AMOUNTS}`, source, "AND at >= ? AND at < ? ORDER BY at", from, to);
  }

  /** How many there are, counted up to `atMost`. */
  count(source: string, { from, to }: Span, atMost = Number.MAX_SAFE_INTEGER): number {
    return this.#sql
      .exec<{ count: number }>(
        `SELECT COUNT(*) AS count FROM
          (SELECT 1 FROM history_v1 WHERE source = ? AND at >= ? AND at < ? LIMIT ?)`,
        ...[source, from, to, atMost],
      )
      .one().count;
  }

  /** Of each bucket the last; buckets begin at multiples of their width. Oldest first. */
  lastPerBucket(source: string, { from, to }: Span, widthMs: number): Point[] {
    // SQLite takes the other columns from the row that has the maximum.
    return this.#select(
      `MAX(at) AS at, ${AMOUNTS}`,
      source,
      `AND at >= ? AND at < ? GROUP BY ${bucketOf(widthMs)} ORDER BY at`,
      ...[from, to],
    );
  }

  /** @returns how many were removed: all but {@link lastPerBucket} */
  keepLastPerBucket(source: string, { from, to }: Span, widthMs: number): number {
    const span = [source, from, to];
    return this.#remove(
      `source = ? AND at >= ? AND at < ? AND at NOT IN (SELECT MAX(at) FROM history_v1
        WHERE source = ? AND at >= ? AND at < ? GROUP BY ${bucketOf(widthMs)})`,
      ...[...span, ...span],
    );
  }

  /** @returns how many were removed */
  remove(source: string, { from, to }: Span): number {
    return this.#remove("source = ? AND at >= ? AND at < ?", source, from, to);
  }

  /** All sources, each found by one step in the primary key. */
  sources(): string[] {
    const found: string[] = [];
    for (let next = this.#sourceAfter(""); next !== null; next = this.#sourceAfter(next)) {
      found.push(next);
    }
    return found;
  }

  #sourceAfter(source: string): string | null {
    return this.#sql
      .exec<{ next: string | null }>(
        "SELECT MIN(source) AS next FROM history_v1 WHERE source > ?",
        source,
      )
      .one().next;
  }

  #select(columns: string, source: string, rest: string, ...bindings: number[]): Row[] {
    const query = `SELECT ${columns} FROM history_v1 WHERE source = ? ${rest}`;
    return this.#sql.exec<Row>(query, source, ...bindings).toArray();
  }

  #remove(condition: string, ...bindings: (string | number)[]): number {
    this.#sql.exec(`DELETE FROM history_v1 WHERE ${condition}`, ...bindings);
    return this.#sql.exec<{ removed: number }>("SELECT changes() AS removed").one().removed;
  }
}

/** Written out: a number that is bound would be REAL, whose division is not whole. */
const bucketOf = (widthMs: number) => `at / ${Math.trunc(widthMs)}`;
