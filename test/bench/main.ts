/** `npm run bench [-- case …]`: prints tables, writes dist/bench.json, fails when a goal is missed. */
import { mkdir, writeFile } from "node:fs/promises";
import { arch, cpus } from "node:os";
import { benchCold } from "./cold.ts";
import { benchStart } from "./evaluation.ts";
import { isReached, printGoals, type Report } from "./goals.ts";
import { benchHerd } from "./herd.ts";
import { benchHistory } from "./history.ts";
import { GENERATOR } from "./load.ts";
import { benchMemory } from "./memory.ts";
import { benchMiss } from "./miss.ts";
import { benchRefusals } from "./refusals.ts";
import { benchWarm } from "./warm.ts";

const CASES: Readonly<Record<string, () => Promise<Report>>> = {
  start: benchStart,
  warm: benchWarm,
  miss: benchMiss,
  cold: benchCold,
  history: benchHistory,
  herd: benchHerd,
  memory: benchMemory,
  refusals: benchRefusals,
};
const FILE = "dist/bench.json";

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !(name in CASES));
if (unknown !== undefined) {
  console.error(`No case "${unknown}": ${Object.keys(CASES).join(", ")}.`);
  process.exit(2);
}
const reports: Record<string, Report> = {};
for (const [name, bench] of Object.entries(CASES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`\n${name}`);
  reports[name] = await bench();
}
const goals = Object.values(reports).flatMap((report) => report.goals);
printGoals(goals);
await mkdir("dist", { recursive: true });
const machine = {
  node: process.version,
  arch: arch(),
  cpu: cpus()[0]?.model,
  generator: GENERATOR,
};
await writeFile(FILE, JSON.stringify({ machine, reports }, null, 2));
console.log(`Written to ${FILE}.`);
process.exitCode = goals.every(isReached) ? 0 : 1;
