/**
 * Credentials that this isolate has verified a moment ago, and whose they are. Trade-offs: it holds the
 * credentials themselves, in memory alone, since a digest of each would cost as much as it saves; and
 * what is revoked is noticed when the entry ends, at most {@link MAX_MS} later.
 */

import type { Config } from "../config/config.ts";
import type { Caller } from "../context.ts";
import { ExpiringMap } from "../lib/expiring-map.ts";

/** An entry ends with its credential, and after this long in any case. */
const MAX_MS = 60_000;

interface Verified {
  readonly caller: Caller;
  /** Under which it was verified: with another one it is not. */
  readonly config: Config;
}

/** So that even the longest credentials fill a fraction of an isolate's 128 MB. */
const MAX_ENTRIES = 4_000;

const callers = new ExpiringMap<Verified>(MAX_ENTRIES);
const attested = new ExpiringMap<Config>(MAX_ENTRIES);

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
  callers.set(authorization, { caller, config }, end(until));
}

export function recallCaller(authorization: string, config: Config): Caller | null {
  const verified = callers.get(authorization);
  return verified?.config === config ? verified.caller : null;
}

/** The same for App Check tokens. */
export function rememberAttested(token: string, until: number, config: Config): void {
  attested.set(token, config, end(until));
}

export function isAttested(token: string, config: Config): boolean {
  return attested.get(token) === config;
}

const end = (until: number) => Math.min(until, Date.now() + MAX_MS);
