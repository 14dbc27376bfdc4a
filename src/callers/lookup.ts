/** What checking a credential may use. */
import type { Env } from "../env.ts";

export interface Lookup {
  readonly env: Env;
  readonly waitUntil: (work: Promise<unknown>) => void;
  /**
   * False for an address that keeps failing: only what this isolate already holds may decide, and
   * nothing is read or fetched for it.
   */
  readonly mayAsk: boolean;
}
