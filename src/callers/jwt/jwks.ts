/** An issuer's public keys as stored: in its Durable Object, and as a copy in Workers KV. */
import * as z from "zod/mini";
import type { Issuer } from "../../config/issuers.ts";
import { sha256Hex } from "../../lib/digest.ts";
import { readKv, writeKv } from "../../lib/kv.ts";
import { listOf, moment, version } from "../../lib/schema.ts";

/** KV may forget the keys of a provider that has been unreachable for this long. */
const KEEP_SECONDS = 30 * 86_400;
const MAX_KEYS = 100;

const PRIVATE_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "k"];

/** One public key (RFC 7517). Symmetric and private keys must never be in a published set. */
const publicKey = z
  .looseObject({ kty: z.enum(["RSA", "EC", "OKP"]) })
  .check(z.refine((key) => !PRIVATE_MEMBERS.some((member) => member in key)));

export type PublicKey = z.infer<typeof publicKey>;

export const jwksSchema = z.object({ keys: listOf(z.unknown(), MAX_KEYS) });

/** Leaves out the members of a set that cannot be used, as RFC 7517, section 5 asks. */
export function publicKeysOf({ keys }: z.infer<typeof jwksSchema>): PublicKey[] {
  return keys.flatMap((key) => publicKey.safeParse(key).data ?? []);
}

export const storedKeysSchema = z.strictObject({
  v: version(1),
  id: z.string(),
  /** Epoch milliseconds. */
  fetched_at: moment,
  keys: z.array(publicKey),
});
export type StoredKeys = z.infer<typeof storedKeysSchema>;

/** The name an issuer's keys are stored under; another URL means another set. */
export function keysId({ issuer, jwks_url }: Issuer): string {
  return JSON.stringify(jwks_url === undefined ? [issuer] : [issuer, jwks_url]);
}

/** A KV key may have at most 512 bytes and a URL can be longer, hence the digest. */
async function kvKeyOf(id: string): Promise<string> {
  return `jwks:${await sha256Hex(id)}`;
}

const FACTS = { reason: "jwks" };

/** The copy in KV, or `null` when there is none or KV fails or is slow. Never throws. */
export async function readKeysCopy(kv: KVNamespace, id: string): Promise<StoredKeys | null> {
  const { success, data } = storedKeysSchema.safeParse(await readKv(kv, await kvKeyOf(id), FACTS));
  return success && data.id === id ? data : null;
}

/** Never throws. */
export async function writeKeysCopy(kv: KVNamespace, stored: StoredKeys): Promise<void> {
  return writeKv(kv, await kvKeyOf(stored.id), stored, KEEP_SECONDS, FACTS);
}
