/** Best-effort Workers KV: a failed read is logged and counts as a miss, a failed write is logged and dropped. */
import { withDeadline } from "./deadline.ts";
import { type LogFacts, nameOf } from "./log.ts";
import type { LogThrottle } from "./log-throttle.ts";

/** KV's minimum. */
const MIN_CACHE_TTL_SECONDS = 30;
/** KV reads normally take 1 to 100 ms. */
const READ_DEADLINE_MS = 500;
/** KV rejects a shorter `expirationTtl`. */
const MIN_EXPIRATION_TTL_SECONDS = 60;

/**
 * @param cacheTtl seconds for which a Cloudflare location may serve a read from its own cache
 * @returns the value; `null` when there is none, it is not JSON, or KV failed or timed out. Never throws
 */
export async function readKv(
  kv: KVNamespace,
  key: string,
  facts: LogFacts,
  log: LogThrottle,
  cacheTtl = MIN_CACHE_TTL_SECONDS,
): Promise<unknown> {
  try {
    const read = kv.get(key, { type: "json", cacheTtl });
    return await withDeadline(read, READ_DEADLINE_MS);
  } catch (error) {
    log.log("warn", "kv_read_failed", { ...facts, error: nameOf(error) });
    return null;
  }
}

/** Never throws. @param ttlSeconds after which KV deletes the value */
export async function writeKv(
  kv: KVNamespace,
  key: string,
  value: unknown,
  ttlSeconds: number,
  facts: LogFacts,
  log: LogThrottle,
): Promise<void> {
  try {
    const expirationTtl = Math.max(MIN_EXPIRATION_TTL_SECONDS, ttlSeconds);
    await kv.put(key, JSON.stringify(value), { expirationTtl });
  } catch (error) {
    log.log("warn", "kv_write_failed", { ...facts, error: nameOf(error) });
  }
}
