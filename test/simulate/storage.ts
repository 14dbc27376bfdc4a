/** A Durable Object's storage: values, SQLite and the one alarm. It outlives the object, as at the edge. */
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";

export class ObjectStorage {
  readonly #values = new Map<string, unknown>();
  readonly #database = new DatabaseSync(":memory:");
  readonly #statements = new Map<string, StatementSync>();
  readonly #onAlarm: () => void;
  #alarm: { readonly at: number; readonly timer: ReturnType<typeof setTimeout> } | null = null;

  constructor(onAlarm: () => void) {
    this.#onAlarm = onAlarm;
  }

  readonly kv = {
    get: (key: string) => structuredClone(this.#values.get(key)),
    put: (key: string, value: unknown) => {
      this.#values.set(key, structuredClone(value));
    },
    delete: (key: string) => this.#values.delete(key),
  };

  readonly sql = {
    exec: (query: string, ...bindings: SQLInputValue[]) => {
      let statement = this.#statements.get(query);
      if (statement === undefined) {
        statement = this.#database.prepare(query);
        this.#statements.set(query, statement);
      }
      const rows = statement.all(...bindings).map((row) => ({ ...row }));
      return {
        toArray: () => rows,
        one: () => rows[0],
        [Symbol.iterator]: () => rows[Symbol.iterator](),
        rowsRead: rows.length,
        rowsWritten: 0,
      };
    },
    databaseSize: 0,
  };

  transactionSync<T>(work: () => T): T {
    return work();
  }

  getAlarm(): Promise<number | null> {
    return Promise.resolve(this.#alarm?.at ?? null);
  }

  setAlarm(at: number): Promise<void> {
    if (this.#alarm !== null) clearTimeout(this.#alarm.timer);
    const ring = () => {
      this.#alarm = null;
      this.#onAlarm();
    };
    this.#alarm = { at, timer: setTimeout(ring, at - Date.now()) };
    return Promise.resolve();
  }

  deleteAlarm(): Promise<void> {
    if (this.#alarm !== null) clearTimeout(this.#alarm.timer);
    this.#alarm = null;
    return Promise.resolve();
  }
}
