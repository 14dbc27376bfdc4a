/** How long a bundle takes to be compiled and evaluated, as when an isolate starts. */
import { bundleText } from "../bundle.ts";
import { startWorkerd } from "../workerd.ts";
import type { Report } from "./goals.ts";
import { timeOf } from "./time.ts";

const PROCESSES = 9;

/** Clocks stand still inside a Worker while it runs, so the time is taken from outside. */
const LOADER = `export default {
  async fetch({ url }) {
    const { pathname } = new URL(url);
    if (pathname !== "/") await import("." + pathname);
    return new Response();
  },
};`;

/**
 * Imported by a running Worker, in fresh processes of the real runtime.
 *
 * @returns milliseconds: the least of several, whatever else the machine does only adds to it, less the
 *   least that an empty module takes
 */
export async function evaluationMs(bundle: string): Promise<number> {
  const least = { bundle: Infinity, empty: Infinity };
  for (let n = 0; n < PROCESSES; n++) {
    const modules = { "bundle.js": bundle, "empty.js": "export default {};" };
    await using worker = await startWorkerd({ script: LOADER, modules });
    await timeOf(`${worker.url}/`);
    least.empty = Math.min(least.empty, await timeOf(`${worker.url}/empty.js`));
    least.bundle = Math.min(least.bundle, await timeOf(`${worker.url}/bundle.js`));
  }
  return least.bundle - least.empty;
}

/** `npm run bench -- start` */
export async function benchStart(): Promise<Report> {
  const ms = await evaluationMs(await bundleText());
  const goal = { goal: "start-up: evaluation of the bundle, ms", value: ms, atMost: 10 };
  return { goals: [goal], figures: { evaluationMs: ms } };
}
