/** What a read of a balance works with. */
import type { Config } from "../config/config.ts";
import type { IsolateState } from "../config/isolate-state.ts";
import type { AppContext } from "../context.ts";
import type { Env } from "../env.ts";

export interface Reading {
  readonly config: Config;
  readonly state: IsolateState;
  readonly env: Env;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

export function readingOf(c: AppContext): Reading {
  const { config, state } = c.var;
  return { config, state, env: c.env, waitUntil: (work) => c.executionCtx.waitUntil(work) };
}
