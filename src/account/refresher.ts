/**
 * Single flight: one refresh of an account at a time, worldwide, since each account has one Durable
 * Object. The last good value and the last failure survive restarts in the object's storage.
 *
 * Sharing `#inFlight` between requests is sound here, and only here: a Durable Object runs all its
 * requests in one context, while in a Worker a promise dies with the request that made it.
 */
import * as z from "zod/mini";
import { earliestRefreshAt, type Failure, failureSchema, nextFailure } from "../balance/backoff.ts";
import { plan } from "../balance/freshness.ts";
import { keepFreshAt } from "../balance/keep-fresh.ts";
import { writeCopy } from "../balance/kv-copy.ts";
import { type BalanceRecord, newRecord, readRecord, recordSchema } from "../balance/record.ts";
import type { RefreshDemand, RefreshOutcome } from "../balance/refresh.ts";
import type { Account, Config } from "../config/config.ts";
import { isolateStateOf } from "../config/isolate-state.ts";
import type { Env } from "../env.ts";
import { withDeadline } from "../lib/deadline.ts";
import { logLine, nameOf, secondsBetween } from "../lib/log.ts";
import { LogThrottle } from "../lib/log-throttle.ts";
import { writeMetric } from "../lib/metrics.ts";
import { moment, timeOf, version } from "../lib/schema.ts";
import { fetchBalance } from "../zoo/client.ts";

/** What follows a refresh, and must never fail it. */
export interface SideEffects {
  afterValue(record: BalanceRecord, config: Config): Promise<void>;
  /** @param lastSuccessAt epoch milliseconds; null when none is known */
  afterFailure(
    upstream: Account,
    config: Config,
    failure: Failure,
    lastSuccessAt: number | null,
  ): Promise<void>;
}

/** What a refresh works with, parsed anew for each call. */
export interface RefreshContext {
  readonly upstream: Account;
  readonly config: Config;
  readonly env: Env;
  /** Until when the value is kept fresh for readers, epoch milliseconds; 0 for not at all. */
  readonly keptUntil: (now: number) => number;
}

const STATE_KEY = "state";
const stateSchema = z.strictObject({
  v: version(1),
  /** {@link Account.source}: an account that now has another source starts anew. */
  source: z.string(),
  record: z.nullable(recordSchema),
  failure: z.nullable(failureSchema),
  /** Start of the last call to Zoo, epoch milliseconds. */
  attempted_at: moment,
});
type State = z.infer<typeof stateSchema>;

const emptyState = (source: string): State => ({
  v: 1,
  source,
  record: null,
  failure: null,
  attempted_at: 0,
});

export class Refresher {
  readonly #ctx: DurableObjectState;
  readonly #sideEffects: SideEffects;
  #state: State;
  #inFlight: Promise<void> | undefined;

  constructor(ctx: DurableObjectState, sideEffects: SideEffects) {
    this.#ctx = ctx;
    this.#sideEffects = sideEffects;
    this.#state = stateSchema.safeParse(ctx.storage.kv.get(STATE_KEY)).data ?? emptyState("");
  }

  /**
   * The value, refreshed first when it is too old and when backoff and interval allow. The age is judged by
   * the object's own clock, by the same table that the Worker applies to a copy.
   */
  async refresh(demand: RefreshDemand, on: RefreshContext): Promise<RefreshOutcome> {
    const { upstream, config } = on;
    this.#startAnewFor(upstream);
    const decision = plan(this.#ageMs(upstream), demand.maxAge, config);
    if (decision === "serve") return this.#outcome(upstream, false);
    // MIN_REFRESH_SECONDS throttles what a caller forces beyond the table: a stale value is due in any case.
    const forced = plan(this.#ageMs(upstream), null, config) === "serve";
    const intervalMs = forced ? config.MIN_REFRESH_SECONDS * 1_000 : 0;
    const joined = this.#inFlight !== undefined;
    this.#inFlight ??= this.#start(demand.requestId, on, intervalMs);
    const inFlight = this.#inFlight;
    if (inFlight === undefined) return this.#outcome(upstream, false);
    const wait = demand.wait === "until_done" ? "refresh" : decision;
    switch (wait) {
      case "refresh":
        await inFlight;
        break;
      case "refresh_or_serve":
        await withDeadline(inFlight, config.STALE_WAIT_MS).catch(() => undefined);
        break;
      case "serve_and_refresh":
        break;
      default:
        wait satisfies never;
    }
    return { ...this.#outcome(upstream, true), ...(joined && { joined }) };
  }

  /** What is stored, at once. */
  peek({ upstream }: RefreshContext): RefreshOutcome {
    this.#startAnewFor(upstream);
    return this.#outcome(upstream, false);
  }

  /** When {@link keepFresh} is due, epoch milliseconds; null when nobody reads the account. */
  keepFreshAt(on: RefreshContext, now: number): number | null {
    this.#startAnewFor(on.upstream);
    const fetchedAt = this.#record(on.upstream)?.fetched_at ?? null;
    const retryAt = this.#state.failure?.retry_at ?? 0;
    return keepFreshAt(fetchedAt, retryAt, on.keptUntil(now), on.config);
  }

  /** Refreshes a value that is read before it is stale. Backoff rules here too. */
  async keepFresh(on: RefreshContext): Promise<void> {
    const now = Date.now();
    const dueAt = this.keepFreshAt(on, now);
    if (dueAt === null || dueAt > now) return;
    this.#inFlight ??= this.#start(undefined, on, 0);
    await this.#inFlight;
  }

  /** An account that has another source now starts anew: what is stored belongs to the old one. */
  #startAnewFor({ source }: Account): void {
    if (this.#state.source !== source) this.#state = emptyState(source);
  }

  #outcome(upstream: Account, attempted: boolean): RefreshOutcome {
    return { record: this.#record(upstream), failure: this.#state.failure, attempted };
  }

  #ageMs(upstream: Account): number | null {
    const record = this.#record(upstream);
    return record === null ? null : Date.now() - record.fetched_at;
  }

  #record(upstream: Account): BalanceRecord | null {
    return readRecord(this.#state.record, upstream, Date.now());
  }

  /**
   * @param requestId of the caller, or of the cron's run, who began it; the alarm has none
   * @returns `undefined` while the backoff or the interval since the last call forbid one
   */
  #start(
    requestId: string | undefined,
    on: RefreshContext,
    intervalMs: number,
  ): Promise<void> | undefined {
    const { failure, attempted_at } = this.#state;
    const now = Date.now();
    if (now < earliestRefreshAt(failure, attempted_at, intervalMs, now)) return undefined;
    const inFlight = this.#refresh(requestId, on).finally(() => {
      this.#inFlight = undefined;
    });
    // The callers may all hang up; the refresh goes on.
    this.#ctx.waitUntil(inFlight);
    return inFlight;
  }

  async #refresh(requestId: string | undefined, on: RefreshContext): Promise<void> {
    const { upstream, config, env } = on;
    const started = Date.now();
    this.#save({ ...this.#state, attempted_at: started });
    const result = await fetchBalance(upstream, config);
    const now = Date.now();
    const facts = {
      request_id: requestId,
      account: upstream.name,
      token: upstream.tokenName,
      upstream_status: result.status,
      upstream_ms: now - started,
      zoo_request_id: result.zooRequestId,
    };
    writeMetric(env.METRICS, {
      route: "refresh",
      status: Number(result.status) || 0,
      account: upstream.name,
      code: result.ok ? "" : result.reason,
      ms: now - started,
    });
    if (result.drift.length > 0)
      logLine("warn", "upstream_drift", { ...facts, drift: result.drift });
    if (!result.ok) {
      const lastSuccessAt = this.#record(upstream)?.fetched_at ?? null;
      const failure = nextFailure(this.#state.failure, result, now, Math.random());
      this.#save({ ...this.#state, failure });
      logLine("error", "refresh_failed", {
        ...facts,
        reason: result.reason,
        upstream: result.target,
        failures: failure.count,
        failing_since: timeOf(failure.since ?? failure.at),
        stored_age_s: secondsBetween(lastSuccessAt, now),
        retry_in_ms: failure.retry_at - now,
      });
      await this.#runSideEffects(upstream, () =>
        this.#sideEffects.afterFailure(upstream, config, failure, lastSuccessAt),
      );
      return;
    }
    const { failure } = this.#state;
    const record = newRecord(upstream, result, now, on.keptUntil(now));
    this.#save({ ...this.#state, record, failure: null });
    await this.#runSideEffects(upstream, () => this.#sideEffects.afterValue(record, config));
    const outage_s = failure && secondsBetween(failure.since ?? failure.at, now);
    logLine("info", "refreshed", { ...facts, ...(outage_s !== null && { outage_s }) });
    const log = isolateStateOf(config).of(LogThrottle);
    this.#ctx.waitUntil(writeCopy(env.BALANCE_KV, record, config.STALE_SECONDS, log));
  }

  /** Side effects (history, alerts) must never fail the refresh. */
  async #runSideEffects({ name }: Account, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      logLine("error", "internal", { account: name, error: nameOf(error) });
    }
  }

  #save(state: State): void {
    this.#state = state;
    this.#ctx.storage.kv.put(STATE_KEY, state);
  }
}
