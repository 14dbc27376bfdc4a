/** `GET /ready`, for monitors and load balancers: whether every account had a success not long ago. */

import type { Account } from "../config/config.ts";
import type { AppContext } from "../context.ts";
import { logLine } from "../lib/log.ts";
import { pollWhile } from "../lib/poll.ts";
import { VERSION } from "../lib/version.ts";
import { nearest } from "./nearest.ts";
import { peek } from "./peek.ts";
import { type Reading, readingOf } from "./reading.ts";

/** How long an isolate answers from what it found: more often it asks neither KV nor an object. */
const KEEP_MS = 10_000;

/** A check that has gone on for this long was cancelled: KV and the object have deadlines well below it. */
const ABANDONED_MS = 10_000;

/** What was found, by nobody's credential: the number alone is answered. Times in epoch milliseconds. */
class Readiness {
  /** 0 until the first check has ended. */
  checkedAt = 0;
  staleAccounts = 0;
  /** Since when a request of this isolate checks; 0 when none does. */
  busySince = 0;
}

/**
 * 200 `ready`, or 503 `stale` with the number of accounts; which ones, the log tells. Never asks Zoo. One
 * request checks; the others are answered with what was found last, or wait where nothing was yet.
 */
export async function answerReady(c: AppContext): Promise<Response> {
  const reading = readingOf(c);
  const readiness = reading.state.of(Readiness);
  const isBusy = () => Date.now() - readiness.busySince < ABANDONED_MS;
  const isFirst = () => readiness.checkedAt === 0 && isBusy();
  // Looked at and acted on without an await in between: of many requests at once, one checks.
  while (isFirst()) await pollWhile(isFirst);
  if (!isBusy() && Date.now() - readiness.checkedAt >= KEEP_MS) {
    const checking = check(readiness, reading);
    // The caller may hang up; those who wait need the end of it.
    reading.waitUntil(checking);
    await checking;
  }
  const accounts = readiness.staleAccounts;
  const headers = { "cache-control": "no-store" };
  return accounts === 0
    ? c.json({ status: "ready", version: VERSION }, 200, headers)
    : c.json({ status: "stale", accounts, version: VERSION }, 503, headers);
}

/** Remembers what it finds. One that throws has found nothing, and the next request checks. */
async function check(readiness: Readiness, reading: Reading): Promise<void> {
  readiness.busySince = Date.now();
  try {
    const accounts = [...reading.config.accounts.values()];
    const stale = await Promise.all(accounts.map((account) => isStale(account, reading)));
    readiness.staleAccounts = stale.filter(Boolean).length;
    readiness.checkedAt = Date.now();
  } finally {
    readiness.busySince = 0;
  }
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
