/**
 * The issuers' public keys as this isolate knows them: memory, then Workers KV, then the issuer's
 * Durable Object, the only one that asks the identity provider.
 *
 * Trade-off: keys that were good stay good while the identity provider is unreachable. While it is
 * reachable, a withdrawn key stops working within {@link KEYS_FRESH_MS} where there are callers, and
 * within {@link KEYS_OLD_MS} of the last fetch at a first caller after a pause.
 */

import type { Issuer } from "../../config/config.ts";
import type { Env } from "../../env.ts";
import { withDeadline } from "../../lib/deadline.ts";
import { logLine, nameOf } from "../../lib/log.ts";
import type { Lookup } from "../lookup.ts";
import { KEYS_FRESH_MS, keysId, type PublicKey, readKeysCopy, type StoredKeys } from "./jwks.ts";

export interface KeySet {
  readonly keys: readonly PublicKey[];
  /** Epoch milliseconds. */
  readonly fetchedAt: number;
}

interface Remembered extends KeySet {
  /** When the Durable Object was last asked for newer ones, epoch milliseconds. */
  askedAt: number;
}

/** How long an unknown key id is refused without asking the Durable Object again. */
const ASK_AGAIN_MS = 5_000;
/** Keys older than this verify only while newer ones cannot be had. */
const KEYS_OLD_MS = 60 * 60_000;
const OBJECT_DEADLINE_MS = 12_000;
/** For keys that could do in need. */
const RENEWAL_DEADLINE_MS = 2_000;

/** Requests of this isolate that may wait for newer keys at once; others are refused meanwhile. */
const MAX_WAITING_FOR_NEWER = 50;

// One entry per configured issuer, so all are bounded by the configuration.
const memory = new Map<string, Remembered>();
/** When there were no keys to be had for an issuer, epoch milliseconds. */
const nothingAt = new Map<string, number>();
let waitingForNewer = 0;

/** The keys of an issuer, or `null` when nobody has any. Never throws. */
export async function keySetOf(
  issuer: Issuer,
  { env, waitUntil, mayAsk }: Lookup,
): Promise<KeySet | null> {
  const id = keysId(issuer);
  let known = memory.get(id) ?? null;
  if (!mayAsk) return known !== null && Date.now() - known.fetchedAt <= KEYS_OLD_MS ? known : null;
  if (known === null) {
    if (Date.now() - (nothingAt.get(id) ?? 0) < ASK_AGAIN_MS) return null;
    const copy = await readKeysCopy(env.BALANCE_KV, id);
    known = copy === null ? await ask(issuer, id, env) : remember(id, copy, 0);
  }
  if (known === null) {
    nothingAt.set(id, Date.now());
    return null;
  }
  const now = Date.now();
  const age = now - known.fetchedAt;
  if (age <= KEYS_FRESH_MS || now - known.askedAt <= ASK_AGAIN_MS) return known;
  if (age > KEYS_OLD_MS) {
    const renewed = ask(issuer, id, env);
    waitUntil(renewed);
    const newer = await withDeadline(renewed, RENEWAL_DEADLINE_MS).catch(() => null);
    // Whether or not there are any: for a while, these are the newest.
    known.askedAt = Date.now();
    return newer ?? known;
  }
  // Taken before the answer, so that one request of this isolate asks, not all.
  known.askedAt = now;
  waitUntil(ask(issuer, id, env));
  return known;
}

/** Keys newer than `seen` for a token whose key id is not among them; `null` when there are none. */
export async function keySetAfterMiss(
  issuer: Issuer,
  seen: KeySet,
  { env, mayAsk }: Lookup,
): Promise<KeySet | null> {
  const id = keysId(issuer);
  const known = memory.get(id) ?? null;
  if (known !== null && known.fetchedAt > seen.fetchedAt) return known;
  if (!mayAsk || (known !== null && Date.now() - known.askedAt < ASK_AGAIN_MS)) return null;
  if (waitingForNewer >= MAX_WAITING_FOR_NEWER) return null;
  waitingForNewer += 1;
  try {
    const asked = await ask(issuer, id, env, true);
    return asked !== null && asked.fetchedAt > seen.fetchedAt ? asked : null;
  } finally {
    waitingForNewer -= 1;
  }
}

async function ask(issuer: Issuer, id: string, env: Env, miss = false): Promise<Remembered | null> {
  const { jwks_url } = issuer;
  const request = { id, issuer: issuer.issuer, jwksUrl: jwks_url ?? null, miss };
  try {
    const answer = env.ISSUER_KEYS.getByName(id).keys(request);
    const stored = await withDeadline(answer, OBJECT_DEADLINE_MS);
    return stored === null ? null : remember(id, stored, Date.now());
  } catch (error) {
    logLine("error", "object_failed", { issuer: issuer.issuer, error: nameOf(error) });
    const known = memory.get(id);
    if (known !== undefined) known.askedAt = Date.now();
    return null;
  }
}

function remember(id: string, stored: StoredKeys, askedAt: number): Remembered {
  const known = memory.get(id);
  if (known !== undefined && known.fetchedAt >= stored.fetched_at) {
    known.askedAt = Math.max(known.askedAt, askedAt);
    return known;
  }
  const entry = { keys: stored.keys, fetchedAt: stored.fetched_at, askedAt };
  memory.set(id, entry);
  return entry;
}
