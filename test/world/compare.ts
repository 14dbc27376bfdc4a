/** Whether the simulator tells of the same world: otherwise its figures would mean nothing. */
import type { Report } from "./report.ts";

/** A phone's way to the edge and back, milliseconds: part of what a person waits, and in neither measurement. */
const WAY_MS = 50;
const MOST = 0.1;

export interface Difference {
  readonly scenario: string;
  readonly figure: string;
  readonly world: number;
  readonly simulated: number;
  readonly agrees: boolean;
}

/** Less what the machine itself needs. Of the times a person waits at most a tenth; of the calls of Zoo none. */
export function differencesOf(world: Report, simulated: Report): Difference[] {
  const { scenario } = world;
  const times = (["p50", "p95"] as const).map((figure) => {
    const measured = Math.max(0, world[figure] - world.machineMs);
    const waits = { world: measured + WAY_MS, simulated: simulated[figure] + WAY_MS };
    const agrees = Math.abs(waits.world - waits.simulated) <= MOST * waits.simulated;
    return { scenario, figure: `${figure}, way included, ms`, ...waits, agrees };
  });
  const calls = { world: world.counts.zoo, simulated: simulated.counts.zoo };
  const zoo = {
    scenario,
    figure: "calls of Zoo",
    ...calls,
    agrees: calls.world === calls.simulated,
  };
  return [...times, zoo];
}
