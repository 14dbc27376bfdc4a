/**
 * The issuers' public keys as this isolate knows them: memory, then Workers KV, then the issuer's
 * Durable Object, which alone fetches from the identity provider.
 *
 * Trade-off: keys that were good stay good while the identity provider is unreachable. While it is
 * reachable, a withdrawn key stops working within `KEYS_FRESH_MS` where there is traffic, and within
 * `KEYS_OLD_MS` of the last fetch for the first caller after a pause.
 */
import type { Issuer } from "../../config/issuers.ts";
import type { Env } from "../../env.ts";
import { withDeadline } from "../../lib/deadline.ts";
import { callObject } from "../../lib/durable-object.ts";
import { hedge } from "../../lib/hedge.ts";
import { LogThrottle } from "../../lib/log-throttle.ts";
import { pollWhile } from "../../lib/poll.ts";
import type { Lookup } from "../lookup.ts";
import { keysId, readKeysCopy, type StoredKeys, storedKeysFrom } from "./jwks.ts";
import { type KeySet, KeySetMemory } from "./key-set-memory.ts";
import { keySetPlan, RENEWAL_WAIT_MS } from "./key-set-plan.ts";

const OBJECT_DEADLINE_MS = 12_000;

/** Whether the keys have to be read before anything can be verified. */
export function isCold(issuer: Issuer, { state }: Lookup): boolean {
  const plan = keySetPlan(state.of(KeySetMemory).known(keysId(issuer)), Date.now());
  return plan === "look_up" || plan === "wait";
}

/** The keys of an issuer, or `null` when none can be had. Never throws. */
export async function keySetOf(issuer: Issuer, lookup: Lookup): Promise<KeySet | null> {
  const id = keysId(issuer);
  const memory = lookup.state.of(KeySetMemory);
  const plan = () => keySetPlan(memory.known(id), Date.now());
  const isWaiting = () => plan() === "wait";
  if (isWaiting()) await pollWhile(isWaiting);
  // Decided and acted on without an await in between: of many requests at once, one acts.
  let decision = plan();
  if (decision === "look_up") {
    await memory.whileBusy(id, lookUp(issuer, id, lookup), lookup.waitUntil);
    // A copy in KV may itself be due for renewal.
    decision = plan();
  }
  switch (decision) {
    case "serve":
    case "wait":
    case "look_up":
    case "give_up":
      break;
    case "serve_and_renew":
      void memory.whileBusy(id, askObject(issuer, id, lookup), lookup.waitUntil);
      break;
    case "renew_or_serve": {
      const renewal = memory.whileBusy(id, askObject(issuer, id, lookup), lookup.waitUntil);
      await withDeadline(renewal, RENEWAL_WAIT_MS).catch(() => null);
      break;
    }
  }
  return memory.keySetOf(id);
}

async function lookUp(issuer: Issuer, id: string, lookup: Lookup): Promise<void> {
  const memory = lookup.state.of(KeySetMemory);
  const copy = await hedge(
    readKeysCopy(lookup.env.BALANCE_KV, id, lookup.state.of(LogThrottle)),
    () => peek(issuer, id, lookup),
    lookup.config.HEDGE_MS,
  );
  const found = copy === null ? await askObject(issuer, id, lookup) : memory.add(id, copy);
  if (found === null) memory.markMiss(id);
}

/**
 * Keys newer than `seen`, for a token whose key id is not among those; `null` when there are none, or none to
 * be asked for now. Single flight: one request of this isolate asks, the others wait for what it finds. Another
 * isolate may have had newer ones fetched, so they need not be the newest.
 */
export async function refetchForUnknownKid(
  issuer: Issuer,
  seen: KeySet,
  lookup: Lookup,
): Promise<KeySet | null> {
  const id = keysId(issuer);
  const memory = lookup.state.of(KeySetMemory);
  const newerThanSeen = () => {
    const keySet = memory.keySetOf(id);
    return keySet !== null && keySet.fetchedAt > seen.fetchedAt ? keySet : null;
  };
  if (lookup.cacheOnly) return newerThanSeen();
  const isWaiting = () => newerThanSeen() === null && memory.mayRefetch(id) && memory.isBusy(id);
  while (isWaiting()) await pollWhile(isWaiting);
  // Decided and acted on without an await in between, as above.
  if (newerThanSeen() === null && memory.mayRefetch(id)) {
    await memory.whileBusy(id, refetch(), lookup.waitUntil);
  }
  return newerThanSeen();

  async function refetch(): Promise<void> {
    await askObject(issuer, id, lookup, seen);
    if (newerThanSeen() === null) memory.markRefetched(id);
  }
}

/** What the issuer's object has stored, at once: for a KV read that stalls. It fetches nothing. */
async function peek(
  { issuer }: Issuer,
  id: string,
  { env, state, config }: Lookup,
): Promise<StoredKeys | null> {
  const called = await callObject(
    () => keysObject(env, id, config).peek(),
    { issuer },
    state.of(LogThrottle),
    RENEWAL_WAIT_MS,
  );
  return called === null ? null : storedKeysFrom(called.answer, Date.now());
}

/** Asks the issuer's object and remembers its answer. Never throws. */
async function askObject(
  { issuer, jwks_url }: Issuer,
  id: string,
  { env, state, config }: Lookup,
  seen?: KeySet,
): Promise<KeySet | null> {
  const memory = state.of(KeySetMemory);
  const miss = seen && { seenAt: seen.fetchedAt };
  const request = { id, issuer, jwksUrl: jwks_url ?? null, miss: seen !== undefined, ...miss };
  const called = await callObject(
    () => keysObject(env, id, config).keys(request),
    { issuer },
    state.of(LogThrottle),
    OBJECT_DEADLINE_MS,
  );
  memory.markAsked(id);
  const stored = called?.answer ?? null;
  return stored && memory.add(id, stored);
}

/** A new stub. An object stays where it was first touched, so the location hint is given at every touch. */
function keysObject(env: Env, id: string, { OBJECT_LOCATION }: Lookup["config"]) {
  const hint = OBJECT_LOCATION === undefined ? {} : { locationHint: OBJECT_LOCATION };
  return env.ISSUER_KEYS.getByName(id, hint);
}
