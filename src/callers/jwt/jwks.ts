/** An issuer's public keys as stored: in its Durable Object, and as a copy in Workers KV. */
import * as z from "zod/mini";
import type { Issuer } from "../../config/issuers.ts";
import { sha256Hex } from "../../lib/digest.ts";
import { readKv, writeKv } from "../../lib/kv.ts";
import type { LogThrottle } from "../../lib/log-throttle.ts";
import { moment, version } from "../../lib/schema.ts";
import { isOfKnownType, publicKeyOf, type StoredKey, storedFormOf } from "./public-key.ts";

/** KV may forget the keys of a provider that has been unreachable for this long. */
const KEEP_SECONDS = 30 * 86_400;

/** A location may answer from its own copy for as long: keys are renewed by their own age, see `key-set-plan.ts`. */
const COPY_TTL_SECONDS = 300;

/** What a provider publishes (RFC 7517, section 5). */
export const jwksSchema = z.object({ keys: z.array(z.custom<unknown>()) });

const storedKeysSchema = z.strictObject({
  v: version(1),
  id: z.string(),
  /** Epoch milliseconds. */
  fetched_at: moment,
  keys: z.array(z.custom<StoredKey>(isOfKnownType)),
});
export type StoredKeys = z.infer<typeof storedKeysSchema>;

/** Clocks may differ by this much. A set from further ahead would count as the newest until then. */
const MAX_AHEAD_MS = 60_000;

/** What was stored, or `null` when it is not a key set or claims to be from the future. */
export function storedKeysFrom(value: unknown, now: number): StoredKeys | null {
  const stored = storedKeysSchema.safeParse(value).data ?? null;
  return stored !== null && stored.fetched_at <= now + MAX_AHEAD_MS ? stored : null;
}

/**
 * The keys of a published set in the form in which they are stored. Members of an unknown type are left out
 * (RFC 7517, section 5); keys that are unfit stay, without their numbers, so that a log line can tell.
 *
 * @returns `null` when none of them can verify anything
 */
export function storedKeysOf({ keys }: z.infer<typeof jwksSchema>): StoredKeys["keys"] | null {
  const published = keys.flatMap((key) => publicKeyOf(key) ?? []);
  return published.some(({ numbers }) => numbers !== null) ? published.map(storedFormOf) : null;
}

/** The name an issuer's keys are stored under; another URL means another set. */
export function keysId({ issuer, jwks_url }: Pick<Issuer, "issuer" | "jwks_url">): string {
  return JSON.stringify(jwks_url === undefined ? [issuer] : [issuer, jwks_url]);
}

/** A KV key may have at most 512 bytes and a URL can be longer, hence the digest. */
async function kvKeyOf(id: string): Promise<string> {
  return `jwks:${await sha256Hex(id)}`;
}

const FACTS = { reason: "jwks" };

/** The copy in KV, or `null` when there is none or KV fails or is slow. Never throws. */
export async function readKeysCopy(
  kv: KVNamespace,
  id: string,
  log: LogThrottle,
): Promise<StoredKeys | null> {
  const stored = storedKeysFrom(
    await readKv(kv, await kvKeyOf(id), FACTS, log, COPY_TTL_SECONDS),
    Date.now(),
  );
  return stored?.id === id ? stored : null;
}

/** Never throws. */
export async function writeKeysCopy(
  kv: KVNamespace,
  stored: StoredKeys,
  log: LogThrottle,
): Promise<void> {
  return writeKv(kv, await kvKeyOf(stored.id), stored, KEEP_SECONDS, FACTS, log);
}
