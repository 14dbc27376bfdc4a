/** What a request carries on its way through the app: the types of Hono's context. */
import type { Context, MiddlewareHandler } from "hono";
import type { Config } from "./config/config.ts";
import type { IsolateState } from "./config/isolate-state.ts";
import type { Env } from "./env.ts";
import type { ProblemError } from "./problem.ts";

/** `balance:read` sees everything; `balance:status` how the account stands, and no amount. */
export const SCOPES = ["balance:read", "balance:status"] as const;
export type Scope = (typeof SCOPES)[number];

/** A verified caller, and what they may see. */
export interface Caller {
  /**
   * A digest, see `callers/caller.ts`: for the log, and as the key of the rate limit. It hides the
   * subject from a reader of the log, not from one who guesses the subject and computes the digest.
   */
  readonly id: string;
  /** The upstream account, from the credential alone. */
  readonly account: string;
  /** The widest scope that the credential has. */
  readonly scope: Scope;
}

/** Reads what a caller will want while their credential is still being verified. */
export interface ReadAhead {
  /** @param likelyAccount what the unverified credential says; null when it does not say */
  begin(likelyAccount: string | null): void;
}

/** A verified credential: whose it is, and what its holder may see, or why nothing. */
export interface Identity {
  readonly id: Caller["id"];
  readonly access: Caller | ProblemError;
  /** Keeps the caller in memory for a while; null where they already are, or may see nothing. */
  readonly remember: (() => void) | null;
}

export interface AppEnv {
  Bindings: Env;
  Variables: {
    requestId: string;
    /** Epoch milliseconds. */
    started: number;
    config: Config;
    state: IsolateState;
    identity: Identity;
    caller: Caller;
    readAhead: ReadAhead | undefined;
    /** The attestation under way, where it has begun while the caller was verified: why it failed, or null. */
    attesting: Promise<string | null> | undefined;
    /** Result of the app's attestation: `ok`, or why it failed. */
    attestation: string;
    /** For the metric point: how the cache answered, and the age in seconds. */
    served: { readonly cache: string; readonly age: number };
  };
}

export type AppContext = Context<AppEnv>;
export type Middleware = MiddlewareHandler<AppEnv>;
