/**
 * Analytics Engine's SQL API, played by SQLite: the points of a test, and as much of ClickHouse's dialect
 * as the API's reference has and this project uses. Anything else is a 422, as there.
 */
import { DatabaseSync } from "node:sqlite";
import * as z from "zod";
import type { Answer, Routes } from "./call.ts";

export interface Point {
  /** Seconds. */
  readonly timestamp: number;
  readonly blobs: readonly string[];
  readonly doubles: readonly number[];
  readonly index: string;
  /** How many points it stands for: Analytics Engine samples what comes too fast. */
  readonly sampleInterval: number;
}

const MARK = "a point: ";

/** What a Worker's binding for a dataset leads to: the points come back as lines of its own. */
export function datasetWorker(dataset: string) {
  const contents = `
    import { WorkerEntrypoint } from "cloudflare:workers";
    export default class extends WorkerEntrypoint {
      writeDataPoint(point) {
        console.log(${JSON.stringify(MARK)} + JSON.stringify({ dataset: ${JSON.stringify(dataset)}, ...point }));
      }
    }`;
  return { name: dataset, modules: [{ type: "ESModule" as const, path: "index.js", contents }] };
}

/** The point that a line of {@link datasetWorker} tells; null for every other line. */
export function pointOf(line: string): (Point & { readonly dataset: string }) | null {
  if (!line.startsWith(MARK)) return null;
  const { dataset, blobs, doubles, indexes } = writtenSchema.parse(
    JSON.parse(line.slice(MARK.length)),
  );
  const timestamp = Math.floor(Date.now() / 1_000);
  return { dataset, timestamp, blobs, doubles, index: indexes[0], sampleInterval: 1 };
}

const writtenSchema = z.object({
  dataset: z.string(),
  blobs: z.array(z.string()),
  doubles: z.array(z.number()),
  indexes: z.tuple([z.string()]),
});

const SECONDS: Readonly<Record<string, number>> = {
  SECOND: 1,
  MINUTE: 60,
  HOUR: 3_600,
  DAY: 86_400,
};
const COLUMNS = 20;
const numbered = (name: string) => Array.from({ length: COLUMNS }, (_, n) => `${name}${n + 1}`);
const BLOBS = numbered("blob");
const DOUBLES = numbered("double");

/** The API's own functions, beside those that SQLite has too. */
const KNOWN =
  /^(sum|count|avg|min|max|sumif|countif|quantileexactweighted|tostartofinterval|now|if|in|distinct|intdiv|touint32)$/i;

/** ClickHouse's dialect in SQLite's words. */
function translated(sql: string): string {
  const calls = [...sql.matchAll(/(\w+)\(/g)].map(([, name = ""]) => name);
  const stranger = calls.find((name) => !KNOWN.test(name));
  if (stranger !== undefined) throw new SyntaxError(`unknown function: ${stranger}`);
  return sql
    .replace(/\bFORMAT JSON\b/i, "")
    .replace(/quantileExactWeighted\(([\d.]+)\)\(/gi, "quantile($1, ")
    .replace(/INTERVAL '(\d+)' (\w+)/gi, (_, count, unit) =>
      String(Number(count) * (SECONDS[String(unit).toUpperCase()] ?? Number.NaN)),
    )
    .replace(/\bif\(/gi, "iif(");
}

/** @param seen `q,value,weight;` for each row: an aggregate of SQLite carries texts, not objects */
function quantile(seen: unknown): number | null {
  const rows = String(seen).split(";").slice(0, -1);
  const numbers = rows.map((row) => row.split(",").map(Number) as [number, number, number]);
  const total = numbers.reduce((sum, [, , weight]) => sum + weight, 0);
  let below = 0;
  for (const [q, value, weight] of numbers.sort(([, a], [, b]) => a - b)) {
    below += weight;
    if (below >= q * total) return value;
  }
  return null;
}

function databaseOf(points: ReadonlyMap<string, readonly Point[]>): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  database.function("now", () => Math.floor(Date.now() / 1_000));
  database.function("tostartofinterval", (time, length) => {
    return Number(time) - (Number(time) % Number(length));
  });
  database.function("touint32", (value) => Math.trunc(Number(value)));
  database.function("intdiv", (a, b) => Math.floor(Number(a) / Number(b)));
  database.aggregate("sumif", {
    start: 0,
    step: (sum, value, condition) => Number(sum) + (condition ? Number(value) : 0),
  });
  database.aggregate("countif", {
    start: 0,
    step: (sum, condition) => Number(sum) + (condition ? 1 : 0),
  });
  database.aggregate("quantile", {
    start: "",
    step: (seen, q, value, weight) => `${seen}${q},${value},${weight};`,
    result: quantile,
  });
  const columns = ["timestamp", "index1", "_sample_interval", ...BLOBS, ...DOUBLES];
  for (const [dataset, rows] of points) {
    database.exec(`CREATE TABLE ${dataset} (${columns.join(", ")})`);
    const marks = columns.map(() => "?").join(", ");
    const insert = database.prepare(`INSERT INTO ${dataset} VALUES (${marks})`);
    for (const { timestamp, index, sampleInterval, blobs, doubles } of rows) {
      const texts = BLOBS.map((_, n) => blobs[n] ?? "");
      // What was not written is 0 there, not null.
      const numbers = DOUBLES.map((_, n) => doubles[n] ?? 0);
      insert.run(timestamp, index, sampleInterval, ...texts, ...numbers);
    }
  }
  return database;
}

/** As ClickHouse writes JSON: 64-bit integers as texts. */
const written = (value: unknown) => (Number.isInteger(value) ? String(value) : value);

export const ANALYTICS_ROUTES: Routes = {
  "POST /analytics_engine/sql"({ account, body }): Answer {
    const database = databaseOf(account.points);
    try {
      const rows = database.prepare(translated(body.toString("utf8"))).all();
      const data = rows.map((row) =>
        Object.fromEntries(Object.entries(row).map(([name, value]) => [name, written(value)])),
      );
      return { status: 200, body: { meta: [], data, rows: data.length } };
    } catch (error) {
      return { status: 422, body: `Input error: ${String(error)}` };
    } finally {
      database.close();
    }
  },
};
