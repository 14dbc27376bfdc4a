/**
 * The nearest stored value: memory of the isolate while it is recent, then the copy in Workers KV; a KV
 * read that stalls is hedged by a look into the account's object, which never calls Zoo.
 */
import type { Account } from "../config/config.ts";
import { hedge } from "../lib/hedge.ts";
import { LogThrottle } from "../lib/log-throttle.ts";
import { readCopy } from "./kv-copy.ts";
import { BalanceMemory } from "./memory.ts";
import { peek } from "./peek.ts";
import type { Reading } from "./reading.ts";
import { type BalanceRecord, newest } from "./record.ts";

/** A stored value, and where it was found. */
export interface Stored {
  readonly record: BalanceRecord | null;
  readonly store: "memory" | "kv" | "object";
}

/** Never rejects. */
export async function nearest(account: string, on: Reading): Promise<Stored> {
  const { config, state } = on;
  const memory = state.of(BalanceMemory);
  const { record, failure, recentUntil } = memory.get(account);
  const now = Date.now();
  // While the object is known to have nothing and to back off, there is nothing new to find in KV either.
  const nothing = record === null && failure !== null && now < failure.retry_at;
  if (now <= recentUntil || nothing) return { record, store: "memory" };

  const upstream = config.accounts.get(account);
  const found = upstream === undefined ? null : await readHedged(upstream, on);
  // Read again: another request may have learnt more meanwhile.
  const latest = memory.get(account);
  const best = newest(latest.record, found?.record ?? null);
  if (best !== null) memory.learn(account, best, latest.failure, config.FRESH_SECONDS);
  return { record: best, store: found !== null && best === found.record ? found.store : "memory" };
}

interface Copy {
  readonly record: BalanceRecord;
  readonly store: "kv" | "object";
}

function readHedged(upstream: Account, on: Reading): Promise<Copy | null> {
  const from = (store: Copy["store"]) => (record: BalanceRecord | null) =>
    record && { record, store };
  const peeking = () => {
    const peeked = peek(upstream, on);
    on.waitUntil(peeked);
    return peeked.then(from("object"));
  };
  const reading = readCopy(on.env.BALANCE_KV, upstream, on.state.of(LogThrottle)).then(from("kv"));
  return hedge(reading, peeking, on.config.HEDGE_MS);
}
