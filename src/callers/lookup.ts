/** What checking a credential may use. */
import type { Config } from "../config/config.ts";
import type { IsolateState } from "../config/isolate-state.ts";
import type { AppContext } from "../context.ts";
import type { Env } from "../env.ts";
import { addressOf } from "./limit.ts";

export interface Lookup {
  readonly env: Env;
  readonly state: IsolateState;
  readonly config: Pick<Config, "HEDGE_MS" | "OBJECT_LOCATION">;
  readonly waitUntil: (work: Promise<unknown>) => void;
  /** Who pays for the lookups: the address, as `addressOf` counts it. */
  readonly sender: string;
  /**
   * Set for an address over its failure limit: nothing is looked up for a credential that this isolate has
   * not seen good before. Whatever can be decided without that is decided.
   */
  readonly cacheOnly: boolean;
  /**
   * Called before KV is read for the credential, with the account that it names (unverified), null when it
   * names none: what else the caller will want can be read at the same time.
   */
  readonly readAhead?: (likelyAccount: string | null) => void;
}

/** Of a request whose address may have anything looked up, and reads nothing ahead. */
export function lookupOf(c: AppContext): Lookup {
  const { state, config } = c.var;
  return {
    env: c.env,
    state,
    config,
    sender: addressOf(c.req.raw.headers),
    waitUntil: (work) => c.executionCtx.waitUntil(work),
    cacheOnly: false,
  };
}
