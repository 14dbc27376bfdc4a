/** What the TypeScript client shows, whatever goes wrong: `states.ts`. */
import { resolve } from "node:path";
import { describe } from "vitest";
import { CHROMIUM, startPage } from "./browser.ts";
import { compare } from "./compare.ts";
import { startProcess } from "./connection.ts";

describe("in Node", () => {
  const script = resolve(import.meta.dirname, "typescript/node.ts");
  compare(() => startProcess(process.execPath, [script]));
});

const noChromium = CHROMIUM === undefined && process.env.CI === undefined;
describe.skipIf(noChromium)("in Chromium", () => compare(({ origin }) => startPage(origin)));
