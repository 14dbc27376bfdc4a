/** What the TypeScript client shows, whatever goes wrong: `states.ts`. */
import { resolve } from "node:path";
import { describe, test } from "vitest";
import { isSkipped, noChromium } from "../chromium.ts";
import { startPage } from "./browser.ts";
import { compare } from "./compare.ts";
import { startProcess } from "./connection.ts";
import { expectFirstBalance } from "./example.ts";

describe("in Node", () => {
  const script = resolve(import.meta.dirname, "typescript/node.ts");
  compare(() => startProcess(process.execPath, [script]));
});

describe.skipIf(isSkipped("The tests of the client in a browser", noChromium))("in Chromium", () =>
  compare(({ origin }) => startPage(origin)),
);

test("the README's example shows a balance", () =>
  expectFirstBalance(process.execPath, [resolve(import.meta.dirname, "typescript/example.ts")]));
