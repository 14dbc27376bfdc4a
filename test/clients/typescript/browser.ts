/** The harness in a page: the test calls `take` and is called by `emit`. */
import { webStore } from "../../../src/clients/typescript/client.ts";
import { createHarness } from "./harness.ts";

declare global {
  var emit: (line: string) => void;
  var take: (line: string) => Promise<void>;
}

globalThis.take = createHarness(
  (folder) => webStore(localStorage, folder),
  (message) => globalThis.emit(JSON.stringify(message)),
);
