/** What checking a credential may use. */
import type { IsolateState } from "../config/isolate-state.ts";
import type { Env } from "../env.ts";

export interface Lookup {
  readonly env: Env;
  readonly state: IsolateState;
  readonly waitUntil: (work: Promise<unknown>) => void;
  /**
   * Set for an address over its failure limit: only what this isolate already holds may decide. No KV
   * read, no call of a Durable Object.
   */
  readonly cacheOnly: boolean;
}
