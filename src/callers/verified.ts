/**
 * Credentials that this isolate has verified a moment ago, and whose they are. Trade-offs: it holds the
 * credentials themselves, in memory alone, since a digest of each would cost as much as it saves; and
 * what is revoked is noticed when the entry ends, at most {@link MAX_MS} later.
 */
import QuickLRU from "quick-lru";
import type { Config } from "../config.ts";
import type { Caller } from "./caller.ts";

/** An entry ends with its credential, and after this long in any case. */
const MAX_MS = 60_000;

interface Verified {
  readonly caller: Caller;
  /** Under which it was verified: with another one it is not. */
  readonly config: Config;
}

const callers = new QuickLRU<string, Verified>({ maxSize: 2_000 });
const attested = new QuickLRU<string, Config>({ maxSize: 2_000 });

/**
 * @param authorization the whole header
 * @param until epoch milliseconds: the credential's own end, or when it must be looked up again
 */
export function rememberCaller(
  authorization: string,
  caller: Caller,
  until: number,
  config: Config,
): void {
  const maxAge = lifetime(until);
  if (maxAge > 0) callers.set(authorization, { caller, config }, { maxAge });
}

export function recallCaller(authorization: string, config: Config): Caller | null {
  const verified = callers.get(authorization);
  return verified?.config === config ? verified.caller : null;
}

/** The same for App Check tokens. */
export function rememberAttested(token: string, until: number, config: Config): void {
  const maxAge = lifetime(until);
  if (maxAge > 0) attested.set(token, config, { maxAge });
}

export function isAttested(token: string, config: Config): boolean {
  return attested.get(token) === config;
}

const lifetime = (until: number) => Math.min(MAX_MS, until - Date.now());
