/** The harness over standard input and output. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Store } from "../../../src/clients/typescript/client.ts";
import { createHarness } from "./harness.ts";

function fileStore(folder: string): Store {
  const fileOf = (key: string) => join(folder, encodeURIComponent(key));
  return {
    read: (key) => readFileSync(fileOf(key), "utf8"),
    write(key, text) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(fileOf(key), text);
    },
    clear: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const take = createHarness(fileStore, (message) => console.log(JSON.stringify(message)));
for await (const line of createInterface({ input: process.stdin })) void take(line);
