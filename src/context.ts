/** What middleware hands on through Hono's context. */
import type { Context, MiddlewareHandler } from "hono";
import type { Caller } from "./callers/caller.ts";
import type { Config, Env } from "./config.ts";

export interface AppEnv {
  Bindings: Env;
  Variables: {
    requestId: string;
    /** Epoch milliseconds. */
    started: number;
    config: Config;
    caller: Caller;
    /** What became of the app's attestation: `ok`, or why it failed. */
    attestation: string;
    /** For the metric point: how the cache answered, and the age in seconds. */
    served: { readonly cache: string; readonly age: number };
  };
}

export type AppContext = Context<AppEnv>;
export type Middleware = MiddlewareHandler<AppEnv>;
