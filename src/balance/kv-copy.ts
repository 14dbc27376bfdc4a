/** The shared read copy in Workers KV. Any failure of KV is a miss: the Durable Object still serves. */
import type { Account } from "../config/config.ts";
import { readKv, writeKv } from "../lib/kv.ts";
import { logLine } from "../lib/log.ts";
import { type BalanceRecord, readRecord } from "./record.ts";

const keyOf = (account: string) => `balance:${account}`;

/** The copy, or `null` when there is none, it is not ours, or KV is failing or slow. Never throws. */
export async function readCopy(kv: KVNamespace, account: Account): Promise<BalanceRecord | null> {
  const facts = { account: account.name };
  const value = await readKv(kv, keyOf(account.name), facts);
  const record = readRecord(value, account, Date.now());
  if (value !== null && record === null) logLine("warn", "kv_foreign_value", facts);
  return record;
}

/** Never throws. */
export function writeCopy(
  kv: KVNamespace,
  record: BalanceRecord,
  staleSeconds: number,
): Promise<void> {
  const { account } = record;
  return writeKv(kv, keyOf(account), record, staleSeconds, { account });
}
