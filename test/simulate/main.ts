/**
 * `npm run simulate`: the scenarios of `npm run world` in virtual time. `-- table` compares the policies for
 * apps of three sizes, `-- day` plays the whole day of the busy one. `--seed=N` makes another world.
 */
import { parseArgs } from "node:util";
import { percent, type Report, reportOf, rowOf } from "../world/report.ts";
import { type Scenario, scenarios } from "../world/scenarios.ts";
import { type Month, monthOf } from "./costs.ts";
import { simulate } from "./run.ts";
import { BUSY_DAY, dayOf, SIZES } from "./sizes.ts";

const CRON_SECONDS = [60, 300, 900];
const KEEP_FRESH_SECONDS = [0, 300, 900, 3_600];
const DEFAULTS = { cronSeconds: 900, keepFreshSeconds: 900 };
const MONTH_SECONDS = 30 * 86_400;

const { values, positionals } = parseArgs({
  options: { seed: { type: "string", default: "1" } },
  allowPositionals: true,
});
const seed = Number(values.seed);
const [what = "scenarios"] = positionals;

switch (what) {
  case "scenarios":
    console.table(await eachOf(scenarios(seed), ({ report }) => rowOf(report)));
    break;
  case "day":
    await day();
    break;
  case "table":
    await table();
    break;
  default:
    console.error("Say nothing, or: scenarios, day, table.");
    process.exitCode = 2;
}

interface Played {
  readonly report: Report;
  readonly month: Month;
}

async function played(scenario: Scenario): Promise<Played> {
  const report = reportOf(await simulate(scenario));
  const perMonth = MONTH_SECONDS / scenario.seconds;
  return { report, month: monthOf(report.requests, report.counts, perMonth) };
}

async function eachOf<T>(list: readonly Scenario[], row: (played: Played) => T): Promise<T[]> {
  const rows: T[] = [];
  for (const scenario of list) rows.push(row(await played(scenario)));
  return rows;
}

async function day(): Promise<void> {
  const started = performance.now();
  const { report, month } = await played(dayOf(BUSY_DAY, DEFAULTS, seed));
  console.table([rowOf(report)]);
  console.log("USD a month:");
  console.table([dollarsOf(month)]);
  console.log(`Took ${Math.round((performance.now() - started) / 1_000)} s.`);
}

async function table(): Promise<void> {
  for (const size of SIZES) {
    console.log(`\n${size.name}`);
    const rows = [];
    for (const cronSeconds of CRON_SECONDS) {
      for (const keepFreshSeconds of KEEP_FRESH_SECONDS) {
        const scenario = dayOf(size, { cronSeconds, keepFreshSeconds }, seed);
        const { report, month } = await played(scenario);
        rows.push(policyRowOf(scenario, keepFreshSeconds, report, month));
      }
    }
    console.table(rows);
  }
}

function policyRowOf(
  { cronSeconds, seconds }: Scenario,
  keepFreshSeconds: number,
  report: Report,
  month: Month,
) {
  const { counts, p50, p95, p99, ageP95, waitedShare } = report;
  const perDay = (count: number) => Math.round((count * 86_400) / seconds);
  return {
    "cron min": cronSeconds / 60,
    "kept fresh s": keepFreshSeconds,
    "p50 ms": Math.round(p50),
    "p95 ms": Math.round(p95),
    "p99 ms": Math.round(p99),
    "age p95 s": Math.round(ageP95),
    "waited %": percent(waitedShare),
    "Zoo a day": perDay(counts.zoo),
    "KV writes a day": perDay(counts.kvWrites),
    "USD a month": Number(month.bill.toFixed(2)),
  };
}

function dollarsOf(month: Month): Readonly<Record<string, number>> {
  const rounded = Object.entries(month).map(([name, usd]) => [name, Number(usd.toFixed(2))]);
  return Object.fromEntries(rounded);
}
