/** What to do for an issuer's keys, as a pure decision: the stale-while-revalidate of key sets. */

/** Up to this age a key set is used as it is; older ones are renewed. */
export const KEYS_FRESH_MS = 10 * 60_000;
/** Beyond this age keys verify only while newer ones cannot be had. */
export const KEYS_OLD_MS = 60 * 60_000;
/** Throttle: an isolate asks the issuer's Durable Object at most once in this time. */
export const ASK_AGAIN_MS = 5_000;

/** How long others wait for the request that is looking keys up: longer than a provider may take to answer. */
export const LOOK_UP_WAIT_MS = 6_000;
/** The same for a renewal, while old keys are there to fall back on. */
export const RENEWAL_WAIT_MS = 2_000;
/** A request that has been looking keys up for this long was cancelled: another one may try. */
export const ABANDONED_MS = 15_000;

export type KeySetPlan =
  /** Verify with the known keys. */
  | "serve"
  /** Verify with the known keys; renew them behind the answer. */
  | "serve_and_renew"
  /** Wait a little for newer keys, then verify with whatever there is. */
  | "renew_or_serve"
  /** No keys in memory: read the copy in KV, then ask the object. */
  | "look_up"
  /** Single flight: another request of this isolate is looking them up. */
  | "wait"
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
  /** Since when a request of this isolate has been looking them up or renewing them; 0 when none is. */
  readonly busySince: number;
}

export function keySetPlan(known: KnownKeys, now: number): KeySetPlan {
  const { fetchedAt, askedAt, lastMissAt, busySince } = known;
  const isBusy = now - busySince < ABANDONED_MS;
  if (fetchedAt === null) {
    if (now - lastMissAt < ASK_AGAIN_MS) return "give_up";
    if (!isBusy) return "look_up";
    return now - busySince < LOOK_UP_WAIT_MS ? "wait" : "give_up";
  }
  const age = now - fetchedAt;
  if (age <= KEYS_FRESH_MS || now - askedAt <= ASK_AGAIN_MS) return "serve";
  if (age <= KEYS_OLD_MS) return isBusy ? "serve" : "serve_and_renew";
  if (!isBusy) return "renew_or_serve";
  return now - busySince < RENEWAL_WAIT_MS ? "wait" : "serve";
}
