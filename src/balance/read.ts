/**
 * The read policy: memory of the isolate, then Workers KV, then the account's Durable Object.
 *
 * Memory holds plain data only, never a promise: one request's promise must not be another's
 * (Workers cancel it with the connection that owns it).
 */

import type { Config } from "../config/config.ts";
import type { Env } from "../env.ts";
import { withDeadline } from "../lib/deadline.ts";
import { logLine, nameOf } from "../lib/log.ts";
import type { Failure } from "./backoff.ts";
import { plan } from "./freshness.ts";
import { readCopy } from "./kv-copy.ts";
import type { BalanceRecord } from "./record.ts";
import type { RefreshDemand, RefreshOutcome } from "./refresh.ts";

import type { Seen, StaleReason } from "./view.ts";

export interface ReadRequest {
  readonly account: string;
  /** Seconds; from the request's `Cache-Control`, null when it says nothing. */
  readonly maxAge: number | null;
  readonly requestId: string;
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
  readonly source: "memory" | "kv" | "object";
  readonly forward: "stale" | "miss" | "request" | null;
}

interface Remembered {
  readonly record: BalanceRecord | null;
  readonly failure: Failure | null;
  /** Look into KV again after this, epoch milliseconds. */
  readonly until: number;
}

/** How long past freshness an isolate answers without looking elsewhere. */
const MEMORY_GRACE_MS = 5_000;
/** How long an isolate trusts that the refresh it started is under way. */
const REFRESH_UNDER_WAY_MS = 2_000;
/** Beyond the upstream's own deadline: the object's part of a refresh. */
const OBJECT_OVERHEAD_MS = 2_000;

type KnownFailure = Pick<Failure, "reason"> & { readonly retry_at?: number };
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

// One entry per configured account, so both are bounded by the configuration.
const memory = new Map<string, Remembered>();
const refreshStarted = new Map<string, number>();

/** Reads the balance of an account. Never throws: a failure is a {@link Missing}. */
export async function readBalance(
  request: ReadRequest,
  config: Config,
  env: Env,
  waitUntil: (work: Promise<unknown>) => void,
): Promise<Found | Missing> {
  const { account, maxAge } = request;
  const { record, source } = await nearest(request, config, env);
  const now = Date.now();
  const lastFailure = memory.get(account)?.failure ?? null;
  const failure = failureInForce(account, now);
  const ageMs = record === null ? null : now - record.fetched_at;
  const decision = plan(ageMs, maxAge, config);

  if (record !== null && decision === "serve") {
    return found(record, failure, config, now, { source, forward: null });
  }
  if (failure !== null) {
    return conclude(record, failure, config, now, { source, forward: null });
  }
  if (record !== null && decision === "serve_and_refresh") {
    if (!refreshUnderWay(account, now)) {
      refreshStarted.set(account, now);
      waitUntil(refresh(request, "until_done", config, env));
    }
    return found(record, lastFailure, config, now, { source, forward: null });
  }

  // With a stale value to fall back on, the Worker enforces STALE_WAIT_MS; without one, the object does.
  const usable = decision === "refresh_or_serve";
  const outcome = refresh(request, usable ? "until_done" : "by_policy", config, env);
  waitUntil(outcome);
  const patience = usable ? config.STALE_WAIT_MS : config.ZOO_TIMEOUT_MS + OBJECT_OVERHEAD_MS;
  const forward = record === null ? "miss" : maxAge === null ? "stale" : "request";
  // Until this attempt has ended, the one before it is the last that is known of.
  const running: Refreshed = { record: null, failure: record && lastFailure, attempted: true };
  const after = await withDeadline(outcome, patience).catch(() => running);
  const best = newest(record, after.record);
  return conclude(best, after.failure, config, Date.now(), {
    source: best === record ? source : "object",
    forward: after.attempted ? forward : null,
  });
}

/** The value in memory, if it may be answered at once and as fresh; else `null`. */
export function recallFresh(
  account: string,
  maxAge: number | null,
  config: Config,
  now: number,
): BalanceRecord | null {
  const record = memory.get(account)?.record ?? null;
  if (record === null) return null;
  return plan(now - record.fetched_at, maxAge, config) === "serve" ? record : null;
}

/** What there is after all that could be tried was tried. */
function conclude(
  record: BalanceRecord | null,
  failure: KnownFailure | null,
  config: Config,
  now: number,
  cache: CacheFacts,
): Found | Missing {
  if (record !== null && now - record.fetched_at <= config.STALE_SECONDS * 1_000) {
    return found(record, failure, config, now, cache);
  }
  const reason = failure?.reason ?? "upstream_unavailable";
  const waitMs = (failure?.retry_at ?? now) - now;
  return { found: false, reason, retryAfter: Math.max(1, Math.ceil(waitMs / 1_000)) };
}

function found(
  record: BalanceRecord,
  failure: KnownFailure | null,
  config: Config,
  now: number,
  cache: CacheFacts,
): Found {
  const stale = now - record.fetched_at > config.FRESH_SECONDS * 1_000;
  const reason: StaleReason = failure?.reason ?? "revalidating";
  return { found: true, record, stale, staleReason: stale ? reason : null, now, cache };
}

/** Asks the account's Durable Object and remembers its answer. Never rejects. */
async function refresh(
  request: ReadRequest,
  wait: RefreshDemand["wait"],
  config: Config,
  env: Env,
): Promise<Refreshed> {
  try {
    const outcome = await askObject({ ...request, wait }, env);
    remember(request.account, outcome.record, outcome.failure, config);
    return outcome;
  } catch (error) {
    logLine("error", "object_failed", {
      request_id: request.requestId,
      account: request.account,
      error: nameOf(error),
    });
    return OBJECT_FAILED;
  }
}

/** A refresh is idempotent, so one retry on what the platform calls retryable; never when overloaded. */
async function askObject(demand: RefreshDemand, env: Env): Promise<RefreshOutcome> {
  try {
    return await env.ACCOUNT_BALANCE.getByName(demand.account).refresh(demand);
  } catch (error) {
    const { retryable, overloaded }: { retryable?: unknown; overloaded?: unknown } = Object(error);
    if (retryable !== true || overloaded === true) throw error;
    // A stub that has thrown stays broken: a new one.
    return await env.ACCOUNT_BALANCE.getByName(demand.account).refresh(demand);
  }
}

/** What is known without asking the object: memory while it is recent, then the copy in KV. */
async function nearest(
  { account }: ReadRequest,
  config: Config,
  env: Env,
): Promise<{ record: BalanceRecord | null; source: "memory" | "kv" }> {
  const known = memory.get(account) ?? null;
  const now = Date.now();
  const recent = known !== null && now <= known.until;
  // While the object is known to have nothing and to wait, there is nothing new to find in KV either.
  const nothing = known?.record === null && failureInForce(account, now) !== null;
  if (recent || nothing) return { record: known.record, source: "memory" };

  const upstream = config.accounts.get(account);
  const copy = upstream === undefined ? null : await readCopy(env.BALANCE_KV, upstream);
  // As it is by now: another request may have learnt more meanwhile.
  const latest = memory.get(account);
  const best = newest(latest?.record ?? null, copy);
  if (best !== null) remember(account, copy, latest?.failure ?? null, config);
  return { record: best, source: best === copy ? "kv" : "memory" };
}

/** The last failure that this isolate has heard of, until the next attempt may be made. */
function failureInForce(account: string, now: number): Failure | null {
  const failure = memory.get(account)?.failure ?? null;
  return failure !== null && now < failure.retry_at ? failure : null;
}

function remember(
  account: string,
  record: BalanceRecord | null,
  failure: Failure | null,
  config: Config,
): void {
  const now = Date.now();
  const best = newest(memory.get(account)?.record ?? null, record);
  const freshUntil = best === null ? 0 : best.fetched_at + config.FRESH_SECONDS * 1_000;
  const overcome = failure !== null && best !== null && best.fetched_at > failure.at;
  memory.set(account, {
    record: best,
    failure: overcome ? null : failure,
    until: Math.max(freshUntil, now) + MEMORY_GRACE_MS,
  });
}

function refreshUnderWay(account: string, now: number): boolean {
  return now - (refreshStarted.get(account) ?? 0) < REFRESH_UNDER_WAY_MS;
}

function newest(a: BalanceRecord | null, b: BalanceRecord | null): BalanceRecord | null {
  if (a === null || b === null) return a ?? b;
  return b.fetched_at > a.fetched_at ? b : a;
}
