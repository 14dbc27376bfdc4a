/** The shared read copy in Workers KV. Any failure of KV is a miss: the Durable Object still serves. */
import type { Account } from "../config/config.ts";
import { readKv, writeKv } from "../lib/kv.ts";
import type { LogThrottle } from "../lib/log-throttle.ts";
import { type BalanceRecord, readRecord } from "./record.ts";

const keyOf = (account: string) => `balance:${account}`;

/** The copy, or `null` when there is none, it is not ours, or KV is failing or slow. Never throws. */
export async function readCopy(
  kv: KVNamespace,
  account: Account,
  log: LogThrottle,
): Promise<BalanceRecord | null> {
  const facts = { account: account.name };
  const value = await readKv(kv, keyOf(account.name), facts, log);
  const record = readRecord(value, account, Date.now());
  if (value !== null && record === null) log.log("warn", "kv_foreign_value", facts);
  return record;
}

/** Never throws. */
export function writeCopy(
  kv: KVNamespace,
  record: BalanceRecord,
  staleSeconds: number,
  log: LogThrottle,
): Promise<void> {
  const { account } = record;
  return writeKv(kv, keyOf(account), record, staleSeconds, { account }, log);
}
