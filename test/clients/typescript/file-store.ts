/** The store for Node that the README shows; the table of states is played with it. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Store } from "../../../src/clients/typescript/client.ts";

export function fileStore(folder: string): Store {
  const fileOf = (key: string) => join(folder, encodeURIComponent(key));
  return {
    read: (key) => readFileSync(fileOf(key), "utf8"),
    write(key, text) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(`${fileOf(key)}.next`, text);
      renameSync(`${fileOf(key)}.next`, fileOf(key)); // Whole or not at all
    },
    clear: () => rmSync(folder, { recursive: true, force: true }),
  };
}
