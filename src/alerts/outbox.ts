/**
 * Outbox: events on their way out, as rows in the account's Durable Object (SQLite), sent by its alarm.
 * At least once, and for each receiver in the order they were made: one that cannot be delivered holds up
 * those after it, until it is dropped after {@link KEEP_MS}.
 */
import type { Receiver } from "../config/alert-targets.ts";
import { type LogFacts, logLine, secondsBetween } from "../lib/log.ts";
import { type Delivery, isTaken, newMessage, send } from "./delivery.ts";
import type { AlertEvent } from "./events.ts";

const KEEP_MS = 86_400_000;
/** The last attempt is due when the time is up, and its alarm comes a little later. */
const GRACE_MS = 300_000;
const FIRST_DELAY_MS = 5_000;
const MAX_DELAY_MS = 3_600_000;
/** Crossings are few: more rows than this are a bug's, and must not fill the storage. */
const MAX_ROWS = 1_000;

type Row = {
  seq: number;
  id: string;
  type: string;
  body: string;
  created_at: number;
  attempts: number;
  next_at: number;
};

export class Outbox {
  readonly #sql: SqlStorage;

  /**
   * Creates the table where there is none; its name carries the version of its form. The receiver's column
   * was added later, with a default, so that versions before and after can work on the same rows.
   */
  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(`CREATE TABLE IF NOT EXISTS outbox_v1 (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL,
      created_at INTEGER NOT NULL, attempts INTEGER NOT NULL, next_at INTEGER NOT NULL)`);
    const columns = sql.exec<{ name: string }>("PRAGMA table_info(outbox_v1)").toArray();
    if (!columns.some(({ name }) => name === "receiver")) {
      sql.exec("ALTER TABLE outbox_v1 ADD COLUMN receiver INTEGER NOT NULL DEFAULT 0");
    }
  }

  /** @param receiver its place in the list of receivers */
  add(account: string, receiver: number, event: AlertEvent, now: number): void {
    const { type, ...data } = event;
    const { id, body } = newMessage(type, { account, ...data }, now);
    this.#sql.exec(
      `INSERT INTO outbox_v1 (receiver, id, type, body, created_at, attempts, next_at)
        VALUES (?, ?, ?, ?, ?, 0, ?)`,
      ...[receiver, id, type, body, now, now],
    );
    const surplus = this.#rows("ORDER BY seq DESC LIMIT -1 OFFSET ?", MAX_ROWS);
    for (const row of surplus) this.#drop(account, row, "too_many");
  }

  /** When the receiver's next event is due, epoch milliseconds; null when nothing waits. */
  nextAt(receiver: number): number | null {
    return this.#first(receiver)?.next_at ?? null;
  }

  /** When the first event for a receiver that is not configured any more is dropped; null without any. */
  nextDropAt(receivers: number): number | null {
    const [oldest] = this.#rows("WHERE receiver >= ? ORDER BY created_at LIMIT 1", receivers);
    return oldest === undefined ? null : oldest.created_at + KEEP_MS;
  }

  /** Sends what is due. Stops at the first that cannot be delivered: those after it must not overtake it. */
  async deliver(account: string, receiver: number, to: Receiver): Promise<void> {
    for (let row = this.#first(receiver); row !== null; row = this.#first(receiver)) {
      const now = Date.now();
      if (row.next_at > now) return;
      if (now - row.created_at > KEEP_MS + GRACE_MS) {
        this.#drop(account, row, "expired");
        continue;
      }
      const delivery = await send(to, row, now);
      if (!this.#settle(account, row, delivery, Date.now())) return;
    }
  }

  /** Drops what has waited for too long for a receiver that is not configured any more. */
  dropUnconfigured(account: string, receivers: number, now: number): void {
    const expired = this.#rows(
      "WHERE receiver >= ? AND created_at <= ? ORDER BY seq",
      ...[receivers, now - KEEP_MS],
    );
    for (const row of expired) this.#drop(account, row, "expired");
  }

  /** @returns whether the row is gone, so that the next one may go out */
  #settle(account: string, row: Row, delivery: Delivery, now: number): boolean {
    const attempts = row.attempts + 1;
    const { status } = delivery;
    if (isTaken(delivery)) {
      this.#delete(row);
      logLine("info", "alert_sent", factsOf(account, { ...row, attempts }, status, now));
      return true;
    }
    // 410 Gone: the receiver wants no more of it.
    if (status === 410 || now - row.created_at >= KEEP_MS) {
      this.#drop(account, { ...row, attempts }, status);
      return true;
    }
    const next = nextAttemptAt(row, delivery.retryAfterMs, now);
    this.#sql.exec(
      "UPDATE outbox_v1 SET attempts = ?, next_at = ? WHERE seq = ?",
      ...[attempts, next, row.seq],
    );
    const facts = factsOf(account, { ...row, attempts }, status, now);
    logLine("warn", "alert_failed", { ...facts, retry_in_ms: next - now });
    return false;
  }

  /** @param status of the last attempt, or why there was none */
  #drop(account: string, row: Row, status: number | string): void {
    this.#delete(row);
    logLine("error", "alert_dropped", factsOf(account, row, status, Date.now()));
  }

  #delete({ seq }: Row): void {
    this.#sql.exec("DELETE FROM outbox_v1 WHERE seq = ?", seq);
  }

  #first(receiver: number): Row | null {
    return this.#rows("WHERE receiver = ? ORDER BY seq LIMIT 1", receiver)[0] ?? null;
  }

  #rows(rest: string, ...bindings: number[]): Row[] {
    return this.#sql.exec<Row>(`SELECT * FROM outbox_v1 ${rest}`, ...bindings).toArray();
  }
}

/** What a line says of an event: which one, how old it is, how often it was tried, and what came of it. */
function factsOf(account: string, row: Row, status: number | string, now: number): LogFacts {
  return {
    account,
    reason: row.type,
    webhook_id: row.id,
    age_s: secondsBetween(row.created_at, now),
    upstream_status: status,
    failures: row.attempts,
  };
}

/**
 * Exponential backoff from 5 s to an hour, up to a quarter less so that many accounts do not come at once;
 * `Retry-After` when longer, up to an hour; and never past the end.
 */
function nextAttemptAt(
  { attempts, created_at }: Row,
  retryAfterMs: number | null,
  now: number,
): number {
  const delay = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempts, 20));
  const jittered = delay * (1 - Math.random() / 4);
  const asked = Math.min(MAX_DELAY_MS, retryAfterMs ?? 0);
  return Math.ceil(Math.min(now + Math.max(jittered, asked), created_at + KEEP_MS));
}
