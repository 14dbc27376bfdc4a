/**
 * Events on their way out: rows in the account's Durable Object (SQLite), sent by its alarm, one after the
 * other in the order of their making. At least once; after {@link KEEP_MS} without success one is given up.
 */

import type { AlertTarget } from "../config/config.ts";
import { logLine } from "../lib/log.ts";
import type { AlertEvent } from "./crossings.ts";
import { isTaken, newMessage, send } from "./delivery.ts";

const KEEP_MS = 86_400_000;
const FIRST_DELAY_MS = 5_000;
const MAX_DELAY_MS = 3_600_000;
/** Of an outage of the receiver: crossings are few. */
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

  /** Creates the table where there is none; its name carries the version of its form. */
  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(`CREATE TABLE IF NOT EXISTS outbox_v1 (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL,
      created_at INTEGER NOT NULL, attempts INTEGER NOT NULL, next_at INTEGER NOT NULL)`);
  }

  add(account: string, event: AlertEvent, now: number): void {
    const { type, threshold, available } = event;
    const { id, body } = newMessage(type, { account, threshold, available }, now);
    this.#sql.exec(
      `INSERT INTO outbox_v1 (id, type, body, created_at, attempts, next_at) VALUES (?, ?, ?, ?, 0, ?)`,
      ...[id, type, body, now, now],
    );
    this.#sql.exec(
      "DELETE FROM outbox_v1 WHERE seq <= (SELECT MAX(seq) FROM outbox_v1) - ?",
      MAX_ROWS,
    );
  }

  /** When there is something to do, epoch milliseconds; `null` when nothing is waiting. */
  nextAt(): number | null {
    return this.#first()?.next_at ?? null;
  }

  /** Sends what is due. Stops at the first that cannot be delivered: those after it must not overtake it. */
  async deliver(account: string, target: AlertTarget): Promise<void> {
    for (let row = this.#first(); row !== null && row.next_at <= Date.now(); row = this.#first()) {
      const { seq, id, type, body, created_at } = row;
      const status = await send(target, { id, body }, Date.now());
      const delivered = isTaken(status);
      const now = Date.now();
      const attempts = row.attempts + 1;
      const facts = { account, reason: type, upstream_status: status, failures: attempts };
      if (delivered || now - created_at >= KEEP_MS) {
        this.#sql.exec("DELETE FROM outbox_v1 WHERE seq = ?", seq);
        logLine(delivered ? "info" : "error", delivered ? "alert_sent" : "alert_dropped", facts);
        continue;
      }
      const delay = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(row.attempts, 20));
      // Up to a quarter less, so that many accounts do not come at once; and never past the end.
      const jittered = delay * (1 - Math.random() / 4);
      const next = Math.ceil(Math.min(now + jittered, created_at + KEEP_MS));
      this.#sql.exec(
        "UPDATE outbox_v1 SET attempts = ?, next_at = ? WHERE seq = ?",
        ...[attempts, next, seq],
      );
      logLine("warn", "alert_failed", { ...facts, retry_in_ms: next - now });
      return;
    }
  }

  #first(): Row | null {
    return this.#sql.exec<Row>("SELECT * FROM outbox_v1 ORDER BY seq LIMIT 1").toArray()[0] ?? null;
  }
}
