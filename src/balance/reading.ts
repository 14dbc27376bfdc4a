/** What a read of a balance works with. */
import type { Config } from "../config/config.ts";
import type { IsolateState } from "../config/isolate-state.ts";
import type { Env } from "../env.ts";

export interface Reading {
  readonly config: Config;
  readonly state: IsolateState;
  readonly env: Env;
  readonly waitUntil: (work: Promise<unknown>) => void;
}
