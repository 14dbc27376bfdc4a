/** What the Worker of an environment is called. */
import { at, type Table } from "./toml.ts";

/** Its own name, or the one that wrangler makes of the top level's. @param root of `wrangler.toml` */
export function workerNameOf(root: Table, environment: string): string {
  return String(at(root, ["env", environment, "name"]) ?? `${at(root, ["name"])}-${environment}`);
}
