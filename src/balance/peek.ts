/** A look into the account's object: what it has stored, at once. It never calls Zoo for this. */

import type { Account } from "../config/config.ts";
import { callObject } from "../lib/durable-object.ts";
import { LogThrottle } from "../lib/log-throttle.ts";
import { BalanceMemory } from "./memory.ts";
import type { Reading } from "./reading.ts";
import type { BalanceRecord } from "./record.ts";
import { accountObject, isOfSource } from "./refresh.ts";

/** One hop, for a caller who has others to hear from. */
const DEADLINE_MS = 2_000;

/** Remembers what it finds. Never rejects. */
export async function peek(
  upstream: Account,
  { env, config, state }: Reading,
): Promise<BalanceRecord | null> {
  const account = upstream.name;
  const called = await callObject(
    () => accountObject(env, upstream).peek(account),
    { account },
    state.of(LogThrottle),
    DEADLINE_MS,
  );
  if (called === null || !isOfSource(called.answer, upstream)) return null;
  const { record, failure } = called.answer;
  if (record !== null) {
    state.of(BalanceMemory).learn(account, record, failure, config.FRESH_SECONDS);
  }
  return record;
}
