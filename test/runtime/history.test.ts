/** The history in the account's object: what it costs to keep and to show, counted in rows. */
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { AccountBalance } from "../../src/account/account-object.ts";
import { Charts } from "../../src/history/charts.ts";
import { History } from "../../src/history/store.ts";
import { balanceBody } from "../zoo/bodies.ts";
import { balanceOf, demandOf, env, recordOf, SOURCE } from "./support.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Noon, so that a few hours stay within the day. */
const NOON = Date.UTC(2026, 10, 24, 12);

for (const level of ["info", "warn", "error"] as const) vi.spyOn(console, level).mockReturnValue();
const fetched = vi.spyOn(globalThis, "fetch");
beforeEach(() => {
  fetched.mockImplementation(async () => Response.json(balanceBody("2026-08")));
});
interface Kept {
  readonly history: History;
  readonly storage: DurableObjectStorage;
  /** What the work reads, in rows. */
  rowsRead<T>(work: () => T): { readonly rows: number; readonly result: T };
  /** A history of the same object, as after a restart. */
  wake(): History;
}

/** The object's storage, as an empty one. */
const inStorage = (name: string, work: (kept: Kept) => void) =>
  runInDurableObject(env.ACCOUNT_BALANCE.getByName(`history-${name}`), (_, { storage }) => {
    const cursors: { readonly rowsRead: number }[] = [];
    const sql: Pick<SqlStorage, "exec"> = {
      exec: (query, ...bindings) => {
        const cursor = storage.sql.exec(query, ...bindings);
        cursors.push(cursor);
        // What is typed by the caller, as the storage itself has it.
        return cursor as never;
      },
    };
    const counted = { sql, kv: storage.kv } as unknown as DurableObjectStorage;
    const wake = () => new History(counted);
    work({
      history: wake(),
      storage,
      wake,
      rowsRead(task) {
        cursors.length = 0;
        const result = task();
        return { rows: cursors.reduce((sum, { rowsRead }) => sum + rowsRead, 0), result };
      },
    });
  });

const recordAt = (at: number, available: string) => ({
  ...recordOf("default", at),
  balance: balanceOf("0.00", available),
});

/** One point a minute, of which each has 0.01 less, up to and with `end`. */
function fill(storage: DurableObjectStorage, rows: number, end: number): void {
  storage.sql.exec(
    `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ? - 1)
      INSERT INTO history_v1 SELECT ?, CAST(? - i * 60000 AS INTEGER),
      PRINTF('%.2f', 100 + i / 100.0), '0.00', '0.00', NULL FROM n`,
    ...[rows, SOURCE, end],
  );
}

describe("what was spent on a day", () => {
  test("is the sum of its falls, which rises do not lessen, on every day since the first point", async () => {
    await inStorage("days", ({ history }) => {
      for (const [daysAgo, available] of [
        [3, "10.00"],
        [2.9, "9.00"],
        [2.8, "7.50"],
        [2.7, "30.00"],
        [2.6, "29.75"],
        [1, "29.75"],
        [0.1, "20.00"],
      ] as const) {
        history.add(recordAt(NOON - daysAgo * DAY_MS, available));
      }
      const days = (count: number) => history.excerpt(SOURCE, count, NOON).days;
      const all = [
        { day: "2026-11-21", spent: "2.75" },
        { day: "2026-11-22", spent: "0.00" },
        { day: "2026-11-23", spent: "0.00" },
        { day: "2026-11-24", spent: "9.75" },
      ];
      expect(days(400)).toEqual(all);
      expect(days(2)).toEqual(all.slice(-2));
      expect(history.excerpt("another source", 30, NOON).days).toEqual([]);
    });
  });

  test("is found from the points of a version that did not add it up, and not counted twice", async () => {
    await inStorage("days-later", ({ history, storage, wake }) => {
      const insert = (at: number, available: string) =>
        storage.sql.exec(
          "INSERT INTO history_v1 VALUES (?, ?, ?, '0.00', '0.00', NULL)",
          ...[SOURCE, at, available],
        );
      insert(NOON - DAY_MS, "10.00");
      insert(NOON - DAY_MS + HOUR_MS, "8.00");
      history.add(recordAt(NOON - HOUR_MS, "7.00"));
      // That version again, and this one.
      insert(NOON - MINUTE_MS, "6.50");
      const expected = [
        { day: "2026-11-23", spent: "2.00" },
        { day: "2026-11-24", spent: "1.50" },
      ];
      expect(wake().excerpt(SOURCE, 30, NOON).days).toEqual(expected);
      expect(wake().excerpt(SOURCE, 30, NOON).days).toEqual(expected);
    });
  });

  test("outlives the thinning of its points", async () => {
    await inStorage("days-thinned", ({ history, storage }) => {
      const then = NOON - 100 * DAY_MS;
      for (let n = 0; n <= 10; n++) {
        const available = n % 2 === 0 ? "10.00" : "9.00";
        history.add(recordAt(then + n * MINUTE_MS, available));
      }
      history.add(recordAt(NOON, "10.00"));
      const [row] = storage.sql.exec("SELECT COUNT(*) AS rows FROM history_v1").toArray();
      expect(row).toEqual({ rows: 2 });
      expect(history.excerpt(SOURCE, 400, NOON).days[0]).toEqual({
        day: "2026-08-16",
        spent: "5.00",
      });
    });
  });
});

describe("thinning", () => {
  test("keeps all of a week, the last of each hour for 90 days, of each day for 400, and nothing older", async () => {
    await inStorage("thin", ({ history, storage }) => {
      const insert = (at: number) =>
        storage.sql.exec(
          "INSERT INTO history_v1 VALUES (?, ?, '1.00', '0.00', '0.00', NULL)",
          ...[SOURCE, at],
        );
      const kept = [
        NOON - 300 * DAY_MS + 5 * HOUR_MS,
        NOON - 50 * DAY_MS + 2 * MINUTE_MS,
        NOON - 50 * DAY_MS + HOUR_MS,
        NOON - 5 * DAY_MS,
        NOON - 5 * DAY_MS + MINUTE_MS,
      ];
      const thinned = [
        NOON - 401 * DAY_MS,
        NOON - 300 * DAY_MS,
        NOON - 300 * DAY_MS + HOUR_MS,
        NOON - 50 * DAY_MS,
        NOON - 50 * DAY_MS + MINUTE_MS,
      ];
      for (const at of [...kept, ...thinned]) insert(at);
      history.add(recordAt(NOON, "2.00"));
      const rows = storage.sql.exec<{ at: number }>("SELECT at FROM history_v1 ORDER BY at");
      expect(rows.toArray().map(({ at }) => at)).toEqual([...kept, NOON]);
    });
  });

  test("leaves one point a minute when there are more than 20,000", async () => {
    await inStorage("thin-full", ({ history, storage }) => {
      storage.sql.exec(
        `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 21000)
          INSERT INTO history_v1 SELECT ?, CAST(? - i * 10000 AS INTEGER), '1.00', '0.00', '0.00', NULL FROM n`,
        ...[SOURCE, NOON],
      );
      history.add(recordAt(NOON + 1_000, "2.00"));
      const [row] = storage.sql.exec("SELECT COUNT(*) AS rows FROM history_v1").toArray();
      // 3,500 minutes and the last hour, of which nothing is left out.
      expect(Number(row?.rows)).toBeLessThan(3_500 + 361 + 2);
      expect(Number(row?.rows)).toBeGreaterThan(3_500);
    });
  });

  test("of a full history is done within an hour's own rows, whenever the object wakes up", async () => {
    await inStorage("thin-cost", ({ storage, wake, rowsRead }) => {
      fill(storage, 10_000, NOON);
      wake().add(recordAt(NOON + MINUTE_MS, "99.00"));
      for (const [n, minutes] of [15, 30, 45, 60, 75].entries()) {
        const woken = wake();
        const at = NOON + MINUTE_MS + minutes * MINUTE_MS;
        const { rows } = rowsRead(() => woken.add(recordAt(at, `${90 - n}.00`)));
        // An hour's worth at either edge of a week's age, and a bucket's.
        expect(rows).toBeLessThan(minutes < 60 ? 50 : 1_000);
      }
    });
  });
});

describe("an excerpt of more than 1,000 points", () => {
  test("has the last of each bucket, and buckets that do not move with the time of the question", async () => {
    await inStorage("buckets", ({ history, storage }) => {
      fill(storage, 9_000, NOON);
      const first = history.excerpt(SOURCE, 7, NOON);
      const later = history.excerpt(SOURCE, 7, NOON + 25 * MINUTE_MS);
      expect(first.points.length).toBeLessThanOrEqual(1_000);
      expect(first.points.length).toBeGreaterThan(890);
      expect(first.points.at(-1)?.at).toBe(NOON);
      const widthMs = Math.ceil((7 * DAY_MS) / 999);
      const buckets = first.points.map(({ at }) => Math.floor(at / widthMs));
      expect(new Set(buckets).size).toBe(buckets.length);
      // But for the first ones, which the window has left behind.
      const times = new Set(first.points.map(({ at }) => at));
      expect(later.points.filter(({ at }) => !times.has(at))).toEqual([]);
      expect(first.points.length - later.points.length).toBeLessThanOrEqual(3);
    });
  });
});

describe("a chart", () => {
  const question = { account: "default", source: SOURCE, days: 30 };

  test("is computed once per point and question: asked again it reads no row", async () => {
    const computed = vi.fn();
    await runInDurableObject(
      env.ACCOUNT_BALANCE.getByName("charts-once"),
      async (_, { storage }) => {
        const history = new History(storage);
        fill(storage, 20_000, NOON);
        const charts = new Charts();
        const ask = (days: number, known: string | null, now: number) =>
          charts.chart({ ...question, days }, known, now, () => {
            computed();
            return history.excerpt(SOURCE, days, now);
          });
        const first = await ask(30, null, NOON);
        expect(JSON.parse(first.body ?? "").points.length).toBeGreaterThan(300);
        for (let n = 1; n <= 200; n++) {
          expect(await ask(30, first.etag, NOON + n * 10_000)).toEqual({
            etag: first.etag,
            body: null,
          });
        }
        expect(await ask(30, null, NOON + HOUR_MS)).toEqual(first);
        expect(computed).toHaveBeenCalledTimes(1);
        expect((await ask(7, first.etag, NOON)).body).not.toBeNull();
        expect(computed).toHaveBeenCalledTimes(2);
        charts.clear();
        history.add(recordAt(NOON + HOUR_MS, "1.00"));
        const next = await ask(30, first.etag, NOON + HOUR_MS);
        expect(next.etag).not.toBe(first.etag);
        expect(next.body).toContain('"available":"1.00"');
        expect(computed).toHaveBeenCalledTimes(3);
      },
    );
  });

  test("that was computed while a point came is not kept", async () => {
    const charts = new Charts();
    const excerpt = () => ({
      from: 0,
      to: 0,
      points: [],
      days: [],
      forecast: {
        spend_per_day: null,
        lasts_until: null,
        forecast_reason: "not_spending" as const,
      },
    });
    const computed = vi.fn(excerpt);
    const first = charts.chart(question, null, NOON, computed);
    charts.clear();
    await first;
    await charts.chart(question, null, NOON, computed);
    expect(computed).toHaveBeenCalledTimes(2);
  });

  test("of the object changes with a point, and not with a refresh that brings none", async () => {
    vi.setSystemTime(NOON);
    await runInDurableObject(
      env.ACCOUNT_BALANCE.getByName("charts-object"),
      async (object: AccountBalance) => {
        const refresh = () => object.refresh(demandOf({ maxAge: 0 }));
        await refresh();
        const { etag } = await object.chart("default", 30, null);
        vi.setSystemTime(NOON + HOUR_MS);
        await refresh();
        expect(await object.chart("default", 30, etag)).toEqual({ etag, body: null });
        fetched.mockImplementation(async () =>
          Response.json({
            monthly_api_credits_remaining_monetary_value: "1.00",
            stable_api_credits_remaining_monetary_value: "2.00",
            updated_at: "2026-11-20T18:22:41Z",
          }),
        );
        vi.setSystemTime(NOON + 2 * HOUR_MS);
        await refresh();
        const next = await object.chart("default", 30, etag);
        expect(JSON.parse(next.body ?? "").points).toHaveLength(2);
      },
    );
  });
});
