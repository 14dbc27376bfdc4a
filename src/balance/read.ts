/**
 * The read policy: the nearest stored value (memory of the isolate, then Workers KV), judged by the
 * freshness table; where that is not enough, a refresh by the account's Durable Object.
 */
import type { Config } from "../config/config.ts";
import type { IsolateState } from "../config/isolate-state.ts";
import type { Env } from "../env.ts";
import { withDeadline } from "../lib/deadline.ts";
import { callObject } from "../lib/durable-object.ts";
import type { Failure } from "./backoff.ts";
import { planWithBackoff } from "./freshness.ts";
import { readCopy } from "./kv-copy.ts";
import { BalanceMemory } from "./memory.ts";
import { type BalanceRecord, newest } from "./record.ts";
import type { RefreshDemand } from "./refresh.ts";
import type { Seen, StaleReason } from "./view.ts";

export interface ReadRequest {
  readonly account: string;
  /** Seconds; from the request's `Cache-Control`, null when it says nothing. */
  readonly maxAge: number | null;
  readonly requestId: string;
}

/** What a read works with. */
export interface Reading {
  readonly config: Config;
  readonly state: IsolateState;
  readonly env: Env;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

export type Found = Seen & {
  readonly found: true;
  readonly now: number;
  readonly cache: CacheFacts;
};
export type Missing = {
  readonly found: false;
  readonly reason: Failure["reason"];
  /** Seconds until the next attempt may be made, at least 1. */
  readonly retryAfter: number;
};

/** For `Cache-Status` (RFC 9211). */
export interface CacheFacts {
  readonly store: "memory" | "kv" | "object";
  readonly forward: "stale" | "miss" | "request" | null;
}

/** Beyond the upstream's own deadline: the object's part of a refresh. */
const OBJECT_OVERHEAD_MS = 2_000;

/** A failure of Zoo, or of the object, whose next attempt may be made at any time. */
type KnownFailure = Pick<Failure, "reason"> & { readonly retry_at?: number };

/** A stored value, and where it was found. */
interface Stored {
  readonly record: BalanceRecord | null;
  readonly store: "memory" | "kv";
}

/** Reads the balance of an account. Never throws: a failure is a {@link Missing}. */
export async function readBalance(request: ReadRequest, on: Reading): Promise<Found | Missing> {
  const { config } = on;
  const stored = await nearest(request.account, on);
  const now = Date.now();
  const { failure } = memoryOf(on).get(request.account);
  const { record } = stored;
  const ageMs = record === null ? null : now - record.fetched_at;
  const decision = planWithBackoff(ageMs, request.maxAge, failure, config, now);
  switch (decision) {
    case "serve":
    case "back_off":
      return serveStaleOrFail(record, failure, config, now, { store: stored.store, forward: null });
    case "serve_and_refresh":
      refreshBehind(request, on, now);
      return serveStaleOrFail(record, failure, config, now, { store: stored.store, forward: null });
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

/** The value in memory, if it may be answered at once and as fresh; else `null`. */
export function recallFresh(
  account: string,
  maxAge: number | null,
  config: Config,
  state: IsolateState,
  now: number,
): BalanceRecord | null {
  const { record } = state.of(BalanceMemory).get(account);
  if (record === null) return null;
  const decision = planWithBackoff(now - record.fetched_at, maxAge, null, config, now);
  return decision === "serve" ? record : null;
}

const memoryOf = ({ state }: Reading) => state.of(BalanceMemory);

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
  const { failure } = memoryOf(on).get(request.account);
  const refreshing = refresh(request, wait, on);
  on.waitUntil(refreshing);
  // Until this attempt has ended, the one before it is the last that is known of.
  const running = { record: null, failure: record && failure, attempted: true };
  const after = await withDeadline(refreshing, deadlineMs).catch(() => running);
  const best = newest(record, after.record);
  const forward = record === null ? "miss" : request.maxAge === null ? "stale" : "request";
  return serveStaleOrFail(best, after.failure, on.config, Date.now(), {
    store: best === record ? store : "object",
    forward: after.attempted ? forward : null,
  });
}

/** The stored value, as long as STALE_SECONDS allow it, with the reason when it is stale; else the error. */
function serveStaleOrFail(
  record: BalanceRecord | null,
  failure: KnownFailure | null,
  { FRESH_SECONDS, STALE_SECONDS }: Config,
  now: number,
  cache: CacheFacts,
): Found | Missing {
  if (record === null || now - record.fetched_at > STALE_SECONDS * 1_000) {
    const reason = failure?.reason ?? "upstream_unavailable";
    const waitMs = (failure?.retry_at ?? now) - now;
    return { found: false, reason, retryAfter: Math.max(1, Math.ceil(waitMs / 1_000)) };
  }
  const stale = now - record.fetched_at > FRESH_SECONDS * 1_000;
  const reason: StaleReason = failure?.reason ?? "revalidating";
  return { found: true, record, stale, staleReason: stale ? reason : null, now, cache };
}

interface Refreshed {
  readonly record: BalanceRecord | null;
  readonly failure: KnownFailure | null;
  readonly attempted: boolean;
}

const OBJECT_FAILED: Refreshed = {
  record: null,
  failure: { reason: "upstream_unavailable" },
  attempted: true,
};

/** Asks the account's Durable Object and remembers its answer. Never rejects. */
async function refresh(
  request: ReadRequest,
  wait: RefreshDemand["wait"],
  { config, state, env }: Reading,
): Promise<Refreshed> {
  const { account, maxAge, requestId } = request;
  const demand: RefreshDemand = { account, maxAge, wait, requestId };
  const called = await callObject(() => env.ACCOUNT_BALANCE.getByName(account).refresh(demand), {
    request_id: requestId,
    account,
  });
  if (called === null) return OBJECT_FAILED;
  const { record, failure, attempted } = called.answer;
  state.of(BalanceMemory).learn(account, record, failure, config.FRESH_SECONDS);
  return { record, failure, attempted };
}

/** What is known without asking the object: memory while it is recent, then the copy in KV. */
async function nearest(account: string, on: Reading): Promise<Stored> {
  const { config, env } = on;
  const memory = memoryOf(on);
  const { record, failure, recentUntil } = memory.get(account);
  const now = Date.now();
  // While the object is known to have nothing and to back off, there is nothing new to find in KV either.
  const nothing = record === null && failure !== null && now < failure.retry_at;
  if (now <= recentUntil || nothing) return { record, store: "memory" };

  const upstream = config.accounts.get(account);
  const copy = upstream === undefined ? null : await readCopy(env.BALANCE_KV, upstream);
  // Read again: another request may have learnt more meanwhile.
  const latest = memory.get(account);
  const best = newest(latest.record, copy);
  if (best !== null) memory.learn(account, copy, latest.failure, config.FRESH_SECONDS);
  return { record: best, store: best === copy ? "kv" : "memory" };
}
