/** Where `wrangler dev` keeps what is stored locally; the demo's own part lies beside it, and goes with it. */
import { join, resolve } from "node:path";

export const ROOT = resolve(import.meta.dirname, "../..");
export const STATE = join(ROOT, ".wrangler/state/v3");
