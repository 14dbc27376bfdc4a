/** The clients for apps show the same, whatever goes wrong: `states.ts`, played in every language. */
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, test } from "vitest";
import { CHROMIUM, startPage } from "./browser.ts";
import { type Harness, startProcess } from "./connection.ts";
import { play, type Stage, startStage } from "./play.ts";
import { SCENARIOS } from "./states.ts";

function compare(startHarness: (stage: Stage) => Harness | Promise<Harness>): void {
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

describe("TypeScript in Node", () => {
  const script = resolve(import.meta.dirname, "typescript/node.ts");
  compare(() => startProcess(process.execPath, [script]));
});

const noChromium = CHROMIUM === undefined && process.env.CI === undefined;
describe.skipIf(noChromium)("TypeScript in Chromium", () =>
  compare(({ origin }) => startPage(origin)),
);
