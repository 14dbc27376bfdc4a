/** The table as a suite: every scenario, played by one harness against a Worker of its own. */
import { afterAll, beforeAll, test } from "vitest";
import type { Harness } from "./connection.ts";
import { play, type Stage, startStage } from "./play.ts";
import { SCENARIOS } from "./states.ts";

export function compare(startHarness: (stage: Stage) => Harness | Promise<Harness>): void {
  let stage: Stage;
  let harness: Harness;
  beforeAll(async () => {
    stage = await startStage();
    harness = await startHarness(stage);
  });
  afterAll(async () => {
    await harness?.close();
    await stage?.[Symbol.asyncDispose]();
  });
  test.each(SCENARIOS)("$name", (scenario) => play(stage, harness.connection, scenario));
}
