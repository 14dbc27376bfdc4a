/**
 * The read policy: the nearest stored value (memory of the isolate, then Workers KV), judged by the
 * freshness table; where that is not enough, a refresh by the account's Durable Object.
 */

import type { Config } from "../config/config.ts";
import type { IsolateState } from "../config/isolate-state.ts";
import { withDeadline } from "../lib/deadline.ts";
import { callObject } from "../lib/durable-object.ts";
import { LogThrottle } from "../lib/log-throttle.ts";
import type { Failure } from "./backoff.ts";
import type { CacheDemand } from "./cache-control.ts";
import { planRead } from "./freshness.ts";
import { isKeepFreshDue, reportIntervalMs } from "./keep-fresh.ts";
import { BalanceMemory } from "./memory.ts";
import { nearest, type Stored } from "./nearest.ts";
import type { Reading } from "./reading.ts";
import { type BalanceRecord, newest } from "./record.ts";
import { accountObject, isOfSource, type RefreshDemand, type RefreshOutcome } from "./refresh.ts";
import type { Seen, StaleReason } from "./view.ts";

export interface ReadRequest {
  readonly account: string;
  /** From the request's `Cache-Control`. */
  readonly demand: CacheDemand;
  readonly requestId: string;
  /** The stored value, if reading it has begun while the caller was verified. */
  readonly readAhead?: Promise<Stored> | undefined;
}

export type Found = Seen & {
  readonly found: true;
  readonly now: number;
  readonly cache: CacheFacts;
  /** Seconds until a forced refresh can make it newer; null unless one was asked for in vain. */
  readonly retryAfter: number | null;
};
export type Missing = {
  readonly found: false;
  readonly reason: Failure["reason"] | "not_cached";
  /** {@link Failure.count} of Zoo's failure, where it was one. */
  readonly failures?: number | undefined;
  /** Seconds until the next attempt may be made, at least 1; null where waiting alone does not help. */
  readonly retryAfter: number | null;
};

/** For `Cache-Status` (RFC 9211). */
export interface CacheFacts {
  readonly store: "memory" | "kv" | "object";
  readonly forward: "stale" | "miss" | "request" | null;
}

/** Beyond the upstream's own deadline: the object's part of a refresh. */
const OBJECT_OVERHEAD_MS = 2_000;

/** A failure of Zoo, or of the object, whose next attempt may be made at any time. */
type KnownFailure = Pick<Failure, "reason"> & Partial<Failure>;

/** Reads the balance of an account. Never throws: a failure is a {@link Missing}. */
export async function readBalance(request: ReadRequest, on: Reading): Promise<Found | Missing> {
  const { config } = on;
  const { account, demand } = request;
  const stored = await (request.readAhead ?? nearest(account, on));
  const now = Date.now();
  const { failure } = memoryOf(on).get(account);
  const { record, store } = stored;
  const ageMs = record === null ? null : now - record.fetched_at;
  const decision = planRead(ageMs, demand, failure, config, now);
  const known = { record, failure, now, cache: { store, forward: null } } as const;
  switch (decision) {
    case "serve":
      if (!demand.onlyIfCached) reportReader(request, record, on, now);
      return serveStaleOrFail(known, config);
    case "back_off":
      return serveStaleOrFail(known, config, retryAfterOf(request, record, failure, config, now));
    case "too_soon":
      reportReader(request, record, on, now);
      return serveStaleOrFail(known, config, retryAfterOf(request, record, null, config, now));
    case "not_cached":
      return { found: false, reason: "not_cached", retryAfter: null };
    case "serve_and_refresh":
      refreshBehind(request, on, now);
      return serveStaleOrFail(known, config);
    case "refresh_or_serve":
      // With a stale value to fall back on, the Worker enforces STALE_WAIT_MS.
      return refreshWithin(config.STALE_WAIT_MS, "until_done", request, stored, on);
    case "refresh":
      return refreshWithin(
        config.ZOO_TIMEOUT_MS + OBJECT_OVERHEAD_MS,
        "by_policy",
        request,
        stored,
        on,
      );
    default:
      return decision satisfies never;
  }
}

/** The value in memory, if the isolate may answer it at once and has nobody to tell; else `null`. */
export function recallFresh(
  account: string,
  demand: CacheDemand,
  config: Config,
  state: IsolateState,
  now: number,
): BalanceRecord | null {
  const { record } = state.of(BalanceMemory).get(account);
  // `only-if-cached` is served what is stale too.
  if (record === null || demand.onlyIfCached) return null;
  if (isKeepFreshDue(record.kept_until, config, now)) return null;
  const decision = planRead(now - record.fetched_at, demand, null, config, now);
  return decision === "serve" ? record : null;
}

const memoryOf = ({ state }: Reading) => state.of(BalanceMemory);

/** A value in use is kept fresh: tells the object, behind the answer, when it will soon stop doing so. */
function reportReader(
  { account, requestId }: ReadRequest,
  record: BalanceRecord | null,
  on: Reading,
  now: number,
): void {
  const { config, env } = on;
  const upstream = config.accounts.get(account);
  if (upstream === undefined || !isKeepFreshDue(record?.kept_until ?? 0, config, now)) return;
  if (!memoryOf(on).mayReportReader(account, reportIntervalMs(config), now)) return;
  const facts = { request_id: requestId, account };
  on.waitUntil(
    callObject(
      () => accountObject(env, upstream).reportReader(account),
      facts,
      on.state.of(LogThrottle),
    ).then((called) => {
      if (called !== null && isOfSource(called.answer, upstream)) learn(account, called.answer, on);
    }),
  );
}

/** Stale-while-revalidate. */
function refreshBehind(request: ReadRequest, on: Reading, now: number): void {
  if (!memoryOf(on).mayStartRefresh(request.account, now)) return;
  on.waitUntil(refresh(request, "until_done", on));
}

async function refreshWithin(
  deadlineMs: number,
  wait: RefreshDemand["wait"],
  request: ReadRequest,
  { record, store }: Stored,
  on: Reading,
): Promise<Found | Missing> {
  const { config } = on;
  const { maxAge } = request.demand;
  const { failure } = memoryOf(on).get(request.account);
  const refreshing = refresh(request, wait, on);
  on.waitUntil(refreshing);
  // Until this attempt has ended, the one before it is the last that is known of.
  const running: Refreshed = { record: null, failure: record && failure, attempted: true };
  const after = await withDeadline(refreshing, deadlineMs).catch(() => running);
  const best = newest(record, after.record);
  const forward = record === null ? "miss" : maxAge === null ? "stale" : "request";
  const now = Date.now();
  const cache: CacheFacts = {
    store: best === record ? store : "object",
    forward: after.attempted ? forward : null,
  };
  // A call that was under way already may not know yet what the caller has just bought.
  const inVain = best !== null && after !== running && (best === record || after.joined);
  const retryAfter = inVain ? retryAfterOf(request, best, after.failure, config, now) : null;
  return serveStaleOrFail({ record: best, failure: after.failure, now, cache }, config, retryAfter);
}

/** When a forced request can make a value newer, seconds; null for a request that forces nothing. */
function retryAfterOf(
  { demand }: ReadRequest,
  record: BalanceRecord | null,
  failure: KnownFailure | null,
  { FRESH_SECONDS, MIN_REFRESH_SECONDS }: Config,
  now: number,
): number | null {
  if (demand.maxAge === null) return null;
  const fetchedAt = record?.fetched_at ?? 0;
  // What is still fresh waits for the interval too, since the last attempt, whatever came of it.
  const intervalMs = now - fetchedAt > FRESH_SECONDS * 1_000 ? 0 : MIN_REFRESH_SECONDS * 1_000;
  const at = Math.max(failure?.retry_at ?? 0, (failure?.at ?? fetchedAt) + intervalMs);
  return Math.max(1, Math.ceil((at - now) / 1_000));
}

interface Known {
  readonly record: BalanceRecord | null;
  readonly failure: KnownFailure | null;
  readonly now: number;
  readonly cache: CacheFacts;
}

/** The stored value, as long as STALE_SECONDS allow it, with the reason when it is stale; else the error. */
function serveStaleOrFail(
  { record, failure, now, cache }: Known,
  { FRESH_SECONDS, STALE_SECONDS }: Config,
  retryAfter: number | null = null,
): Found | Missing {
  if (record === null || now - record.fetched_at > STALE_SECONDS * 1_000) {
    const reason = failure?.reason ?? "upstream_unavailable";
    const waitMs = (failure?.retry_at ?? now) - now;
    const seconds = Math.max(1, Math.ceil(waitMs / 1_000));
    return { found: false, reason, failures: failure?.count, retryAfter: seconds };
  }
  const stale = now - record.fetched_at > FRESH_SECONDS * 1_000;
  const staleReason: StaleReason | null = stale ? (failure?.reason ?? "revalidating") : null;
  return { found: true, record, stale, staleReason, now, cache, retryAfter };
}

interface Refreshed {
  readonly record: BalanceRecord | null;
  readonly failure: KnownFailure | null;
  readonly attempted: boolean;
  readonly joined?: true;
}

const OBJECT_FAILED: Refreshed = {
  record: null,
  failure: { reason: "upstream_unavailable" },
  attempted: true,
};

/** Asks the account's Durable Object and remembers its answer. Never rejects. */
async function refresh(
  { account, demand: { maxAge }, requestId }: ReadRequest,
  wait: RefreshDemand["wait"],
  on: Reading,
): Promise<Refreshed> {
  const upstream = on.config.accounts.get(account);
  if (upstream === undefined) return OBJECT_FAILED;
  const demand: RefreshDemand = { account, maxAge, wait, by: "reader", requestId };
  const facts = { request_id: requestId, account };
  const called = await callObject(
    () => accountObject(on.env, upstream).refresh(demand),
    facts,
    on.state.of(LogThrottle),
  );
  if (called === null || !isOfSource(called.answer, upstream)) return OBJECT_FAILED;
  learn(account, called.answer, on);
  return called.answer;
}

function learn(account: string, { record, failure }: RefreshOutcome, on: Reading): void {
  memoryOf(on).learn(account, record, failure, on.config.FRESH_SECONDS);
}
