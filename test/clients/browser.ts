/** The TypeScript client's harness in Chromium, at an origin that the Worker allows. */
import { resolve } from "node:path";
import { build } from "esbuild";
import { launchChromium } from "../chromium.ts";
import { Connection, type Harness } from "./connection.ts";

export async function startPage(origin: string): Promise<Harness> {
  const { outputFiles } = await build({
    entryPoints: [resolve(import.meta.dirname, "typescript/browser.ts")],
    bundle: true,
    write: false,
    format: "iife",
  });
  const browser = await launchChromium();
  const page = await browser.newPage();
  const connection = new Connection((line) => {
    // The answer comes as a message; what throws in the page would be missing there.
    page.evaluate(`take(${JSON.stringify(line)})`).catch(console.error);
  });
  await page.exposeFunction("emit", (line: string) => connection.take(line));
  await page.goto(origin);
  await page.addScriptTag({ content: outputFiles[0]?.text ?? "" });
  return { connection, close: () => browser.close() };
}
