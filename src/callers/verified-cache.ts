/**
 * Credentials this isolate verified recently, so that a repeat costs no signature check and no digest.
 *
 * Trade-offs: the credentials themselves are the keys, in memory only (hashing each one would cost as
 * much as the cache saves), and a revoked credential works until its entry ends, {@link MAX_MS} at most.
 */
import type { Caller } from "../context.ts";
import { ExpiringMap } from "../lib/expiring-map.ts";
import { MAX_HEADER_CHARS } from "./credential.ts";

/** An entry ends with its credential, and never later than this. */
const MAX_MS = 60_000;
const MAX_ENTRIES = 4_000;
/** Of an isolate's 128 MB: credentials may have up to 16 KiB each. */
const MAX_CHARS = 8 * 1_024 * 1_024;

export class VerifiedCache {
  readonly #callers = new ExpiringMap<Caller>(MAX_ENTRIES, MAX_CHARS);
  readonly #attested = new ExpiringMap<true>(MAX_ENTRIES, MAX_CHARS);

  /** @param authorization the `Authorization` header, as `headerOf` spells it */
  callerOf(authorization: string): Caller | null {
    // Looking a key up takes time by its length, and callers choose that.
    if (authorization.length > MAX_HEADER_CHARS) return null;
    return this.#callers.get(authorization) ?? null;
  }

  /** @param until epoch milliseconds: when the credential expires or must be looked up again */
  addCaller(authorization: string, caller: Caller, until: number): void {
    this.#callers.set(authorization, caller, endOf(until));
  }

  /** Whether this App Check token was verified recently. */
  isAttested(token: string): boolean {
    if (token.length > MAX_HEADER_CHARS) return false;
    return this.#attested.get(token) === true;
  }

  /** @param until epoch milliseconds: when the App Check token expires */
  addAttested(token: string, until: number): void {
    this.#attested.set(token, true, endOf(until));
  }
}

const endOf = (until: number) => Math.min(until, Date.now() + MAX_MS);
