/** The shared read copy in Workers KV. Any failure of KV is a miss: the Durable Object still serves. */
import type { Account } from "../config.ts";
import { withDeadline } from "../deadline.ts";
import { logLine, nameOf } from "../observe.ts";
import { type BalanceRecord, readRecord } from "./record.ts";

/** KV refuses less (Workers KV limits). */
const MIN_EXPIRATION_TTL_SECONDS = 60;
/** The least KV allows: how long a location may answer from its own copy. */
const READ_CACHE_TTL_SECONDS = 30;
/** Past this the Durable Object is asked instead. KV reads normally take 1 to 100 ms. */
const READ_DEADLINE_MS = 500;

const keyOf = (account: string) => `balance:${account}`;

/** The copy, or `null` when there is none, it is not ours, or KV is failing or slow. Never throws. */
export async function readCopy(kv: KVNamespace, account: Account): Promise<BalanceRecord | null> {
  const { name } = account;
  try {
    const read = kv.get(keyOf(name), { type: "json", cacheTtl: READ_CACHE_TTL_SECONDS });
    const value: unknown = await withDeadline(read, READ_DEADLINE_MS);
    if (value === null) return null;
    const record = readRecord(value, account, Date.now());
    if (record === null) logLine("warn", "kv_foreign_value", { account: name });
    return record;
  } catch (error) {
    logLine("warn", "kv_read_failed", { account: name, error: nameOf(error) });
    return null;
  }
}

/** Never throws. */
export async function writeCopy(
  kv: KVNamespace,
  record: BalanceRecord,
  staleSeconds: number,
): Promise<void> {
  try {
    await kv.put(keyOf(record.account), JSON.stringify(record), {
      expirationTtl: Math.max(MIN_EXPIRATION_TTL_SECONDS, staleSeconds),
    });
  } catch (error) {
    logLine("warn", "kv_write_failed", { account: record.account, error: nameOf(error) });
  }
}
