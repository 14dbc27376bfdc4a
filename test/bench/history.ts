/**
 * `npm run bench -- history`: what a chart costs beside a hit, on a full history, and what many charts at
 * once do to a refresh that somebody forces meanwhile.
 */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { median } from "simple-statistics";
import { bundleText } from "../bundle.ts";
import { type RunningWorkerd, startWorkerd } from "../workerd.ts";
import { startZoo, type Zoo } from "../zoo/server.ts";
import type { Report } from "./goals.ts";
import { type Load, put } from "./load.ts";
import { timeOf } from "./time.ts";

const POINTS = 20_000;
const CHART = "/v1/balance/history?days=7";
const HIT = "/v1/balance";
const ROUNDS = 5;
const CHARTS_AT_ONCE = 200;
/** What a refresh waits for: without it, one would compare with nothing but the queue of one process. */
const ZOO_MS = 400;

export async function benchHistory(): Promise<Report> {
  const script = await bundleText();
  const storage = await mkdtemp(join(tmpdir(), "zoo-balance-history-"));
  const zoo = await startZoo();
  try {
    const caller = { authorization: `Bearer ${await zoo.signToken()}` };
    {
      await using worker = await startOn(storage, script, zoo);
      await timeOf(`${worker.url}${HIT}`, caller);
    }
    await fill(join(storage, "AccountBalance"));
    await using worker = await startOn(storage, script, zoo);
    zoo.setFault({ kind: "latency", ms: ZOO_MS });
    return await measure(worker, caller);
  } finally {
    await zoo.close();
    await rm(storage, { recursive: true, force: true });
  }
}

function startOn(storage: string, script: string, zoo: Zoo): Promise<RunningWorkerd> {
  const { issuer, audience, jwksUrl } = zoo;
  return startWorkerd({
    ...{ script, storage },
    vars: {
      ...{ ZOO_API_URL: zoo.url, ZOO_API_TOKEN: zoo.token, MIN_REFRESH_SECONDS: "1" },
      JWT_ISSUERS: JSON.stringify([{ issuer, audience, jwks_url: jwksUrl }]),
    },
    kv: { BALANCE_KV: {}, API_KEYS: {} },
    objects: { ACCOUNT_BALANCE: "AccountBalance", ISSUER_KEYS: "IssuerKeys" },
  });
}

/** Copies the one point that is there, a minute apart, into the object's own file. */
async function fill(folder: string): Promise<void> {
  const file = (await readdir(folder)).find((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
  if (file === undefined) throw new Error("the object has stored nothing");
  const database = new DatabaseSync(join(folder, file));
  const tables = database
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'history_v%'")
    .all();
  for (const { name } of tables) {
    const columns = database.prepare(`SELECT name FROM pragma_table_info('${name}')`).all();
    const values = columns.map((column) => (column.name === "at" ? "at - n * 30000" : column.name));
    database.exec(`INSERT OR IGNORE INTO ${name} (${columns.map((column) => column.name).join(", ")})
      WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${POINTS})
      SELECT ${values.join(", ")} FROM ${name}, numbers`);
  }
  database.close();
}

async function measure(worker: RunningWorkerd, caller: Load["headers"][0]): Promise<Report> {
  const chart = await fetch(`${worker.url}${CHART}`, { headers: caller });
  const { points } = (await chart.json()) as { points: readonly unknown[] };
  if (points.length < 500)
    throw new Error(`a history of ${points.length} points is not a full one`);
  const conditional = { ...caller, "if-none-match": chart.headers.get("etag") ?? "" };
  const variants = [
    { name: "hit", path: HIT, headers: caller, status: 200 },
    { name: "chart, repeated", path: CHART, headers: caller, status: 200 },
    { name: "chart, conditional", path: CHART, headers: conditional, status: 304 },
  ];
  const rows = [];
  for (const variant of variants) {
    const cpu: number[] = [];
    for (let round = 0; round < ROUNDS; round++) cpu.push(await cpuOf(worker, variant));
    rows.push({ name: variant.name, "CPU µs": median(cpu) });
  }
  console.table(rows);
  const hit = rows[0]?.["CPU µs"] ?? Number.NaN;
  const ratios = rows.slice(1).map((row) => ({
    goal: `${row.name}: CPU, × that of a hit`,
    value: row["CPU µs"] / hit,
    atMost: 3,
  }));
  const crowd = await crowded(worker, caller);
  const goal = {
    goal: `forced refresh among ${CHARTS_AT_ONCE} charts at once, × alone`,
    value: crowd.among / crowd.alone,
    atMost: 1.5,
  };
  return { goals: [...ratios, goal], figures: { rows, crowd } };
}

interface Variant {
  readonly path: string;
  readonly headers: Load["headers"][0];
  readonly status: number;
}

/** Microseconds of the process's time per request, its objects included. */
async function cpuOf(worker: RunningWorkerd, { path, headers, status }: Variant): Promise<number> {
  const before = await worker.cpuMs();
  const url = `${worker.url}${path}`;
  const load = { url, headers: [headers], connections: 8, seconds: 1, status };
  const { requests } = await put(load);
  return (((await worker.cpuMs()) - before) * 1_000) / requests;
}

/** Milliseconds that a forced refresh takes, medians. */
async function crowded(worker: RunningWorkerd, caller: Load["headers"][0]) {
  const forced = { ...caller, "cache-control": "no-cache" };
  const alone: number[] = [];
  const among: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await intervalHasPassed();
    alone.push(await timeOf(`${worker.url}${HIT}`, forced));
    await intervalHasPassed();
    const charts = Array.from({ length: CHARTS_AT_ONCE }, () =>
      timeOf(`${worker.url}${CHART}`, caller),
    );
    among.push(await timeOf(`${worker.url}${HIT}`, forced));
    await Promise.all(charts);
  }
  return { alone: median(alone), among: median(among) };
}

/** MIN_REFRESH_SECONDS throttles forced refreshes. */
const intervalHasPassed = () => new Promise<void>((resolve) => setTimeout(resolve, 1_100));
