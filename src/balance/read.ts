/**
 * The read policy: memory of the isolate, then Workers KV, then the account's Durable Object.
 *
 * Memory holds plain data only, never a promise: one request's promise must not be another's
 * (Workers cancel it with the connection that owns it).
 */
import type { Config, Env } from "../config.ts";
import { withDeadline } from "../deadline.ts";
import { logLine } from "../observe.ts";
import type { RefreshDemand, RefreshOutcome } from "./account-balance.ts";
import type { Failure } from "./backoff.ts";
import { plan } from "./freshness.ts";
import { readCopy } from "./kv-copy.ts";
import type { BalanceRecord } from "./record.ts";
import type { FailureReason } from "./upstream.ts";
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
  readonly reason: FailureReason;
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
  /** Look again after this, epoch milliseconds. */
  readonly until: number;
}

/** How long past freshness, or after a failure, an isolate answers without looking elsewhere. */
const MEMORY_GRACE_MS = 5_000;
/** How long an isolate trusts that the refresh it started is under way. */
const REFRESH_UNDER_WAY_MS = 2_000;
/** Beyond the upstream's own deadline: the object's part of a refresh. */
const OBJECT_OVERHEAD_MS = 2_000;

type KnownFailure = Pick<Failure, "reason"> & { readonly retry_at?: number };
interface Refreshed {
  readonly record: BalanceRecord | null;
  readonly failure: KnownFailure | null;
}
const STILL_RUNNING: Refreshed = { record: null, failure: null };
const OBJECT_FAILED: Refreshed = { record: null, failure: { reason: "upstream_unavailable" } };

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
  const remembered = recall(request.account);
  const record = remembered?.record ?? (await copyOf(request, config, env));
  const source = remembered?.record ? "memory" : "kv";
  const failure = remembered?.failure ?? null;
  const now = Date.now();
  const ageMs = record === null ? null : now - record.fetched_at;
  const decision = plan(ageMs, request.maxAge, config);

  if (record !== null && decision === "serve") {
    return found(record, failure, config, now, { source, forward: null });
  }
  if (failure !== null && now < failure.retry_at) {
    return conclude(record, failure, config, now, { source, forward: null });
  }
  if (record !== null && decision === "serve_and_refresh") {
    if (!refreshUnderWay(request.account, now)) {
      refreshStarted.set(request.account, now);
      waitUntil(refresh(request, config, env));
    }
    return found(record, failure, config, now, { source, forward: null });
  }

  const outcome = refresh(request, config, env);
  waitUntil(outcome);
  const usable = decision === "refresh_or_serve";
  const patience = usable ? config.STALE_WAIT_MS : config.ZOO_TIMEOUT_MS + OBJECT_OVERHEAD_MS;
  const forward = record === null ? "miss" : request.maxAge === null ? "stale" : "request";
  const after = await withDeadline(outcome, patience).catch(() => STILL_RUNNING);
  const best = newest(record, after.record);
  return conclude(best, after.failure, config, Date.now(), {
    source: best === record ? source : "object",
    forward,
  });
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
async function refresh(request: ReadRequest, config: Config, env: Env): Promise<Refreshed> {
  const accepted = Math.min(request.maxAge ?? config.FRESH_SECONDS, config.FRESH_SECONDS);
  const demand: RefreshDemand = {
    account: request.account,
    notBefore: Date.now() - accepted * 1_000,
    forced: request.maxAge !== null,
    requestId: request.requestId,
  };
  try {
    const outcome = await askObject(demand, env);
    remember(request.account, outcome, config);
    return outcome;
  } catch (error) {
    const name = error instanceof Error ? error.name : typeof error;
    logLine("error", "object_failed", {
      request_id: request.requestId,
      account: request.account,
      error: name,
    });
    return OBJECT_FAILED;
  }
}

/** A refresh is idempotent, so one retry on what the platform calls retryable; never when overloaded. */
async function askObject(demand: RefreshDemand, env: Env): Promise<RefreshOutcome> {
  try {
    return await env.ACCOUNT_BALANCE.getByName(demand.account).refresh(demand);
  } catch (error) {
    const retryable = error instanceof Error && Reflect.get(error, "retryable") === true;
    const overloaded = error instanceof Error && Reflect.get(error, "overloaded") === true;
    if (!retryable || overloaded) throw error;
    // A stub that has thrown stays broken: a new one.
    return await env.ACCOUNT_BALANCE.getByName(demand.account).refresh(demand);
  }
}

async function copyOf(
  { account }: ReadRequest,
  config: Config,
  env: Env,
): Promise<BalanceRecord | null> {
  const upstream = config.accounts.get(account);
  const record = upstream === undefined ? null : await readCopy(env.BALANCE_KV, upstream);
  if (record !== null) remember(account, { record, failure: null }, config);
  return record;
}

function recall(account: string): Remembered | null {
  const remembered = memory.get(account);
  return remembered !== undefined && Date.now() <= remembered.until ? remembered : null;
}

function remember(account: string, { record, failure }: RefreshOutcome, config: Config): void {
  const now = Date.now();
  const best = newest(memory.get(account)?.record ?? null, record);
  const freshUntil = best === null ? 0 : best.fetched_at + config.FRESH_SECONDS * 1_000;
  const retryAt = failure?.retry_at ?? Number.POSITIVE_INFINITY;
  const graceEnd = Math.max(freshUntil, now) + MEMORY_GRACE_MS;
  memory.set(account, { record: best, failure, until: Math.min(graceEnd, retryAt) });
}

function refreshUnderWay(account: string, now: number): boolean {
  return now - (refreshStarted.get(account) ?? 0) < REFRESH_UNDER_WAY_MS;
}

function newest(a: BalanceRecord | null, b: BalanceRecord | null): BalanceRecord | null {
  if (a === null || b === null) return a ?? b;
  return b.fetched_at > a.fetched_at ? b : a;
}
