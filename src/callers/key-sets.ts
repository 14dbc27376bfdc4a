/**
 * The issuers' public keys as this isolate knows them: memory, then Workers KV, then the issuer's
 * Durable Object, the only one that asks the identity provider.
 *
 * Trade-off: keys that were good stay good while the identity provider is unreachable. A withdrawn
 * key stops working within {@link KEYS_FRESH_MS} and a little more of its leaving a reachable provider.
 */
import { createLocalJWKSet } from "jose";
import type { Env, Issuer } from "../config.ts";
import { withDeadline } from "../deadline.ts";
import { logLine } from "../observe.ts";
import { KEYS_FRESH_MS, type StoredKeys, keysId, readKeysCopy } from "./stored-keys.ts";

export interface KeySet {
  readonly find: ReturnType<typeof createLocalJWKSet>;
  /** Epoch milliseconds. */
  readonly fetchedAt: number;
}

interface Remembered extends KeySet {
  /** When the Durable Object last answered this isolate, epoch milliseconds. */
  askedAt: number;
}

/** How long an unknown key id is refused without asking the Durable Object again. */
const ASK_AGAIN_MS = 5_000;
const OBJECT_DEADLINE_MS = 12_000;

// One entry per configured issuer, so bounded by the configuration.
const memory = new Map<string, Remembered>();

/** The keys of an issuer, or `null` when nobody has any. Never throws. */
export async function keySetOf(
  issuer: Issuer,
  env: Env,
  waitUntil: (work: Promise<unknown>) => void,
): Promise<KeySet | null> {
  const id = keysId(issuer);
  let known = memory.get(id) ?? null;
  if (known === null) {
    const copy = await readKeysCopy(env.BALANCE_KV, id);
    known = copy === null ? await ask(issuer, id, env) : remember(id, copy, 0);
  }
  const now = Date.now();
  if (
    known !== null &&
    now - known.fetchedAt > KEYS_FRESH_MS &&
    now - known.askedAt > ASK_AGAIN_MS
  ) {
    // Taken before the answer, so that one request of this isolate asks, not all.
    known.askedAt = now;
    waitUntil(ask(issuer, id, env));
  }
  return known;
}

/** Keys newer than `seen` for a token whose key id is not among them; `null` when there are none. */
export async function keySetAfterMiss(
  issuer: Issuer,
  seen: KeySet,
  env: Env,
): Promise<KeySet | null> {
  const id = keysId(issuer);
  const known = memory.get(id) ?? null;
  if (known !== null && known.fetchedAt > seen.fetchedAt) return known;
  if (known !== null && Date.now() - known.askedAt < ASK_AGAIN_MS) return null;
  const asked = await ask(issuer, id, env, true);
  return asked !== null && asked.fetchedAt > seen.fetchedAt ? asked : null;
}

async function ask(issuer: Issuer, id: string, env: Env, miss = false): Promise<Remembered | null> {
  const { jwks_url } = issuer;
  const request = { id, issuer: issuer.issuer, jwksUrl: jwks_url ?? null, miss };
  try {
    const answer = env.ISSUER_KEYS.getByName(id).keys(request);
    const stored = await withDeadline(answer, OBJECT_DEADLINE_MS);
    return stored === null ? null : remember(id, stored, Date.now());
  } catch (error) {
    const name = error instanceof Error ? error.name : typeof error;
    logLine("error", "object_failed", { issuer: issuer.issuer, error: name });
    return null;
  }
}

function remember(id: string, stored: StoredKeys, askedAt: number): Remembered {
  const known = memory.get(id);
  if (known !== undefined && known.fetchedAt >= stored.fetched_at) {
    known.askedAt = Math.max(known.askedAt, askedAt);
    return known;
  }
  const find = createLocalJWKSet({ keys: stored.keys });
  const entry = { find, fetchedAt: stored.fetched_at, askedAt };
  memory.set(id, entry);
  return entry;
}
