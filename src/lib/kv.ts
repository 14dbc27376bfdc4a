/** Workers KV as a copy that one can do without: whatever fails is logged, and is a miss. */
import { withDeadline } from "./deadline.ts";
import { type LogFacts, logLine, nameOf } from "./log.ts";

/** The least that KV allows. */
const MIN_CACHE_TTL_SECONDS = 30;
/** KV reads normally take 1 to 100 ms. */
const READ_DEADLINE_MS = 500;
/** KV refuses less. */
const MIN_EXPIRATION_TTL_SECONDS = 60;

/**
 * @param cacheTtl how long a location may answer from its own copy, seconds
 * @returns the value, or `null` when there is none, it is not JSON, or KV is failing or slow. Never throws
 */
export async function readKv(
  kv: KVNamespace,
  key: string,
  facts: LogFacts,
  cacheTtl = MIN_CACHE_TTL_SECONDS,
): Promise<unknown> {
  try {
    const read = kv.get(key, { type: "json", cacheTtl });
    return await withDeadline(read, READ_DEADLINE_MS);
  } catch (error) {
    logLine("warn", "kv_read_failed", { ...facts, error: nameOf(error) });
    return null;
  }
}

/** @param keepSeconds until KV may forget it. Never throws. */
export async function writeKv(
  kv: KVNamespace,
  key: string,
  value: unknown,
  keepSeconds: number,
  facts: LogFacts,
): Promise<void> {
  try {
    const expirationTtl = Math.max(MIN_EXPIRATION_TTL_SECONDS, keepSeconds);
    await kv.put(key, JSON.stringify(value), { expirationTtl });
  } catch (error) {
    logLine("warn", "kv_write_failed", { ...facts, error: nameOf(error) });
  }
}
