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
import type { Lookup } from "../lookup.ts";
import { keysId, readKeysCopy, type StoredKeys, storedKeysFrom } from "./jwks.ts";
import { ASK_AGAIN_MS, type KnownKeys, keySetPlan } from "./key-set-plan.ts";
import { type PublicKey, publicKeyOf } from "./public-key.ts";

export interface KeySet {
  readonly keys: readonly PublicKey[];
  /** Epoch milliseconds. */
  readonly fetchedAt: number;
}

const OBJECT_DEADLINE_MS = 12_000;
/** For a renewal while old keys are there to fall back on. */
const RENEWAL_DEADLINE_MS = 2_000;
/** Requests of this isolate that may wait for newer keys at once; further ones are refused. */
const MAX_WAITING = 50;

interface Entry {
  keySet: KeySet | null;
  askedAt: number;
  lastMissAt: number;
  /** When the object was last asked because of an unknown key id, epoch milliseconds. */
  refetchedAt: number;
}

/** One entry per configured issuer, so the configuration bounds it. */
class KeySetMemory {
  /** Requests that wait for the object because of an unknown key id. */
  waiting = 0;
  readonly #entries = new Map<string, Entry>();

  keySetOf(id: string): KeySet | null {
    return this.#entryOf(id).keySet;
  }

  known(id: string): KnownKeys {
    const { keySet, askedAt, lastMissAt } = this.#entryOf(id);
    return { fetchedAt: keySet?.fetchedAt ?? null, askedAt, lastMissAt };
  }

  /** Keeps the newer of the known and the given keys, and returns it. */
  add(id: string, { keys, fetched_at }: StoredKeys): KeySet {
    const entry = this.#entryOf(id);
    if (entry.keySet === null || fetched_at > entry.keySet.fetchedAt) {
      entry.keySet = { keys: keys.flatMap((key) => publicKeyOf(key) ?? []), fetchedAt: fetched_at };
    }
    return entry.keySet;
  }

  /** The object was asked: for {@link ASK_AGAIN_MS} the known keys are the newest there are. */
  markAsked(id: string): void {
    this.#entryOf(id).askedAt = Date.now();
  }

  /** Whether the object may be asked again because of an unknown key id. */
  mayRefetch(id: string): boolean {
    return Date.now() - this.#entryOf(id).refetchedAt >= ASK_AGAIN_MS;
  }

  markRefetched(id: string): void {
    this.#entryOf(id).refetchedAt = Date.now();
  }

  markMiss(id: string): void {
    this.#entryOf(id).lastMissAt = Date.now();
  }

  #entryOf(id: string): Entry {
    let entry = this.#entries.get(id);
    if (entry === undefined) {
      entry = { keySet: null, askedAt: 0, lastMissAt: 0, refetchedAt: 0 };
      this.#entries.set(id, entry);
    }
    return entry;
  }
}

/** Whether the keys have to be read before anything can be verified. */
export function isCold(issuer: Issuer, { state, cacheOnly }: Lookup): boolean {
  const known = state.of(KeySetMemory).known(keysId(issuer));
  return keySetPlan(known, Date.now(), cacheOnly) === "look_up";
}

/** The keys of an issuer, or `null` when none can be had. Never throws. */
export async function keySetOf(issuer: Issuer, lookup: Lookup): Promise<KeySet | null> {
  const id = keysId(issuer);
  const memory = lookup.state.of(KeySetMemory);
  const plan = () => keySetPlan(memory.known(id), Date.now(), lookup.cacheOnly);
  let decision = plan();
  if (decision === "look_up") {
    const copy = await hedge(
      readKeysCopy(lookup.env.BALANCE_KV, id),
      () => peek(issuer, id, lookup),
      lookup.config.HEDGE_MS,
    );
    const found = copy === null ? await askObject(issuer, id, lookup) : memory.add(id, copy);
    if (found === null) memory.markMiss(id);
    // A copy in KV may itself be due for renewal.
    decision = plan();
  }
  switch (decision) {
    case "serve":
      break;
    case "serve_and_renew":
      // Marked before the answer comes, so that one request of this isolate asks, not all of them.
      memory.markAsked(id);
      lookup.waitUntil(askObject(issuer, id, lookup));
      break;
    case "renew_or_serve": {
      const renewal = askObject(issuer, id, lookup);
      lookup.waitUntil(renewal);
      await withDeadline(renewal, RENEWAL_DEADLINE_MS).catch(() => null);
      memory.markAsked(id);
      break;
    }
    case "look_up":
    case "give_up":
      return null;
  }
  return memory.keySetOf(id);
}

/**
 * Keys newer than `seen`, for a token whose key id is not among those; `null` when there are none, or none to
 * be asked for now. Another isolate may have had newer ones fetched, so they need not be the newest.
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
  const newer = newerThanSeen();
  if (newer !== null || lookup.cacheOnly) return newer;
  if (!memory.mayRefetch(id) || memory.waiting >= MAX_WAITING) return null;
  memory.waiting += 1;
  try {
    await askObject(issuer, id, lookup, seen);
    const found = newerThanSeen();
    if (found === null) memory.markRefetched(id);
    return found;
  } finally {
    memory.waiting -= 1;
  }
}

/** What the issuer's object has stored, at once: for a KV read that stalls. It fetches nothing. */
async function peek(
  { issuer }: Issuer,
  id: string,
  { env, config }: Lookup,
): Promise<StoredKeys | null> {
  const called = await callObject(
    () => keysObject(env, id, config).peek(),
    { issuer },
    RENEWAL_DEADLINE_MS,
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
