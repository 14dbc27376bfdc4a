/** What to do for an issuer's keys, as a pure decision: the stale-while-revalidate of key sets. */

/** Up to this age a key set is used as it is; older ones are renewed. */
export const KEYS_FRESH_MS = 10 * 60_000;
/** Beyond this age keys verify only while newer ones cannot be had. */
export const KEYS_OLD_MS = 60 * 60_000;
/** Throttle: an isolate asks the issuer's Durable Object at most once in this time. */
export const ASK_AGAIN_MS = 5_000;

export type KeySetPlan =
  /** Verify with the known keys. */
  | "serve"
  /** Verify with the known keys; renew them behind the answer. */
  | "serve_and_renew"
  /** Wait a little for newer keys, then verify with whatever there is. */
  | "renew_or_serve"
  /** No keys in memory: read the copy in KV, then ask the object. */
  | "look_up"
  /** No keys, and none to be looked up now. */
  | "give_up";

/** What an isolate knows of an issuer's keys. All times in epoch milliseconds, 0 for never. */
export interface KnownKeys {
  /** When the keys in memory left the identity provider; `null` without any. */
  readonly fetchedAt: number | null;
  /** When the object was last asked for newer ones. */
  readonly askedAt: number;
  /** When neither KV nor the object had any: the negative cache. */
  readonly lastMissAt: number;
}

/** @param cacheOnly only what is in memory may be used: see `Lookup` */
export function keySetPlan(known: KnownKeys, now: number, cacheOnly: boolean): KeySetPlan {
  const { fetchedAt, askedAt, lastMissAt } = known;
  if (fetchedAt === null) {
    return cacheOnly || now - lastMissAt < ASK_AGAIN_MS ? "give_up" : "look_up";
  }
  const age = now - fetchedAt;
  if (cacheOnly) return age > KEYS_OLD_MS ? "give_up" : "serve";
  if (age <= KEYS_FRESH_MS || now - askedAt <= ASK_AGAIN_MS) return "serve";
  return age <= KEYS_OLD_MS ? "serve_and_renew" : "renew_or_serve";
}
