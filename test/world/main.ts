/**
 * `npm run world [-- scenario …]`: the scenarios in real time, over real sockets. With `--check`, six of them
 * or those that are named are played in the simulator too, and it fails when the two differ.
 */
import { bundleText } from "../bundle.ts";
import { simulate } from "../simulate/run.ts";
import { type Difference, differencesOf } from "./compare.ts";
import { type Report, reportOf, rowOf } from "./report.ts";
import { CHECKED, type Scenario, scenarios } from "./scenarios.ts";
import { runInWorld } from "./world.ts";

const SEED = 1;
/** An answer that waits for nothing takes about 1 ms where nothing else runs. */
const BUSY_MACHINE_MS = 2;

const check = process.argv.includes("--check");
const named = process.argv.slice(2).filter((word) => word !== "--check");
const names = check && named.length === 0 ? CHECKED : named;
const all = scenarios(SEED);
const unknown = names.find((name) => !all.some((scenario) => scenario.name === name));
if (unknown !== undefined) {
  console.error(`No scenario "${unknown}": ${all.map(({ name }) => name).join(", ")}.`);
  process.exit(2);
}
const chosen = all.filter(({ name }) => names.length === 0 || names.includes(name));
const bundle = await bundleText();
const reports: Report[] = [];
const differences: Difference[] = [];
for (const scenario of chosen) {
  const report = await play(scenario);
  reports.push(report);
  if (check) differences.push(...differencesOf(report, reportOf(await simulate(scenario))));
}
console.table(reports.map(rowOf));
if (check) {
  console.table(differences);
  const slowest = Math.max(...reports.map(({ machineMs }) => machineMs));
  if (slowest > BUSY_MACHINE_MS) {
    console.log(
      `The machine has other work (${slowest} ms for an answer that waits for nothing): its times mean little.`,
    );
  }
  process.exitCode = differences.some(({ agrees }) => !agrees) ? 1 : 0;
}

async function play(scenario: Scenario): Promise<Report> {
  console.log(`${scenario.name}: ${scenario.seconds} s`);
  return reportOf(await runInWorld(scenario, bundle));
}
