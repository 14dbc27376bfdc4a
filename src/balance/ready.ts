/** `GET /ready`, for monitors and load balancers: whether every account had a success not long ago. */

import type { Account } from "../config/config.ts";
import type { AppContext } from "../context.ts";
import { logLine } from "../lib/log.ts";
import { VERSION } from "../lib/version.ts";
import { nearest } from "./nearest.ts";
import { peek } from "./peek.ts";
import { type Reading, readingOf } from "./reading.ts";

/** How long an isolate answers from what it found: more often it asks neither KV nor an object. */
const KEEP_MS = 10_000;

/** What was found, by nobody's credential: the number alone is answered. */
class Readiness {
  /** Epoch milliseconds. */
  checkedAt = 0;
  staleAccounts = 0;
}

/** 200 `ready`, or 503 `stale` with the number of accounts; which ones, the log tells. Never asks Zoo. */
export async function answerReady(c: AppContext): Promise<Response> {
  const { config, state } = c.var;
  const readiness = state.of(Readiness);
  const now = Date.now();
  if (now - readiness.checkedAt >= KEEP_MS) {
    readiness.checkedAt = now;
    const reading = readingOf(c);
    const accounts = [...config.accounts.values()];
    const stale = await Promise.all(accounts.map((account) => isStale(account, reading)));
    readiness.staleAccounts = stale.filter(Boolean).length;
  }
  const accounts = readiness.staleAccounts;
  const headers = { "cache-control": "no-store" };
  return accounts === 0
    ? c.json({ status: "ready", version: VERSION }, 200, headers)
    : c.json({ status: "stale", accounts, version: VERSION }, 503, headers);
}

/** Only an object that has succeeded since knows better than a copy that is old. */
async function isStale(account: Account, reading: Reading): Promise<boolean> {
  const limitMs = reading.config.READY_SECONDS * 1_000;
  const isOld = (fetchedAt: number | undefined) => Date.now() - (fetchedAt ?? 0) > limitMs;
  const { record } = await nearest(account.name, reading);
  if (!isOld(record?.fetched_at)) return false;
  const peeked = await peek(account, reading);
  if (!isOld(peeked?.fetched_at)) return false;
  logLine("error", "not_ready", { account: account.name });
  return true;
}
