/** The harness over standard input and output. */
import { createInterface } from "node:readline";
import { fileStore } from "./file-store.ts";
import { createHarness } from "./harness.ts";

const take = createHarness(fileStore, (message) => console.log(JSON.stringify(message)));
for await (const line of createInterface({ input: process.stdin })) void take(line);
