/**
 * The refresher: one Durable Object per account, so one refresh at a time worldwide. It alone calls
 * Zoo and writes Workers KV. The last good value and the last failure survive restarts in its storage.
 *
 * Sharing `this.flight` between requests is sound here, and only here: a Durable Object runs all its
 * requests in one context, while in a Worker a promise dies with the request that made it.
 */

import { DurableObject } from "cloudflare:workers";
import * as z from "zod/mini";
import { Alerts } from "../alerts/alerts.ts";
import { failureSchema, MAX_RETRY_AFTER_MS, nextFailure } from "../balance/backoff.ts";
import { plan } from "../balance/freshness.ts";
import { writeCopy } from "../balance/kv-copy.ts";
import { type BalanceRecord, newRecord, readRecord, recordSchema } from "../balance/record.ts";
import type { RefreshDemand, RefreshOutcome } from "../balance/refresh.ts";
import { type Account, type Config, parseConfig } from "../config/config.ts";
import type { Env } from "../env.ts";
import { History, type HistoryExcerpt } from "../history/store.ts";
import { withDeadline } from "../lib/deadline.ts";
import { logLine, nameOf } from "../lib/log.ts";
import { writeMetric } from "../lib/metrics.ts";
import { moment, version } from "../lib/schema.ts";
import { fetchBalance } from "../zoo/client.ts";

const STATE_KEY = "state";
/** MIN_REFRESH_SECONDS may be a day at most. */
const MAX_WAIT_MS = Math.max(MAX_RETRY_AFTER_MS, 86_400_000);
const stateSchema = z.strictObject({
  v: version(1),
  /** What all of it is about: an account that now has another source starts anew. */
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

export class AccountBalance extends DurableObject<Env> {
  #state: State;
  readonly #history: History;
  readonly #alerts: Alerts;
  #flight: Promise<void> | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const stored = stateSchema.safeParse(ctx.storage.kv.get(STATE_KEY));
    this.#state = stored.success ? stored.data : emptyState("");
    this.#history = new History(ctx.storage.sql);
    this.#alerts = new Alerts(ctx.storage);
  }

  /** What the balance was in the last `days` days, and the forecast. */
  history(account: string, days: number): HistoryExcerpt {
    const { upstream } = this.#configured(account);
    return this.#history.excerpt(upstream.source, days, Date.now());
  }

  /** Sends what has been told. Runs beside refreshes, and never keeps one waiting. */
  override async alarm(): Promise<void> {
    const parsed = parseConfig(this.env);
    if (parsed.ok) await this.#alerts.deliver(parsed.config);
  }

  #configured(account: string): { config: Config; upstream: Account } {
    const parsed = parseConfig(this.env);
    if (!parsed.ok) throw new Error("misconfigured");
    const { config } = parsed;
    const upstream = config.accounts.get(account);
    if (upstream === undefined) throw new Error("unknown account");
    return { config, upstream };
  }

  /**
   * The value, refreshed first when it is too old and backoff and interval allow. The object judges the
   * age by its own clock, and waits by the same table as the Worker does with a copy.
   */
  async refresh(demand: RefreshDemand): Promise<RefreshOutcome> {
    const { config, upstream } = this.#configured(demand.account);
    if (this.#state.source !== upstream.source) this.#state = emptyState(upstream.source);
    const ageMs = this.#ageMs(upstream);
    const decision = plan(ageMs, demand.maxAge, config);
    if (decision === "serve") return this.#outcome(upstream, false);
    this.#flight ??= this.#startFlight(demand, upstream, config);
    const flight = this.#flight;
    if (flight === undefined) return this.#outcome(upstream, false);
    if (demand.wait === "until_done" || decision === "refresh") await flight;
    else if (decision === "refresh_or_serve") {
      await withDeadline(flight, config.STALE_WAIT_MS).catch(() => undefined);
    }
    return this.#outcome(upstream, true);
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

  #startFlight(
    demand: RefreshDemand,
    upstream: Account,
    config: Config,
  ): Promise<void> | undefined {
    const { failure, attempted_at } = this.#state;
    const now = Date.now();
    // Only what a caller asks for beyond the table has to wait: a value that is stale is due in any case.
    const forced = plan(this.#ageMs(upstream), null, config) === "serve";
    const interval = forced ? config.MIN_REFRESH_SECONDS * 1_000 : 0;
    const earliest = Math.max(failure?.retry_at ?? 0, attempted_at + interval);
    // Further ahead than any wait there is: the clock has gone back since it was written.
    if (now < earliest && earliest - now <= MAX_WAIT_MS) return undefined;
    const flight = this.#fly(demand, upstream, config).finally(() => {
      this.#flight = undefined;
    });
    // The callers may all hang up; the refresh goes on.
    this.ctx.waitUntil(flight);
    return flight;
  }

  async #fly({ requestId }: RefreshDemand, upstream: Account, config: Config): Promise<void> {
    const started = Date.now();
    this.#save({ ...this.#state, attempted_at: started });
    const result = await fetchBalance(upstream, config);
    const now = Date.now();
    const facts = {
      request_id: requestId,
      account: upstream.name,
      upstream_status: result.status,
      upstream_ms: now - started,
      zoo_request_id: result.zooRequestId,
    };
    writeMetric(this.env.METRICS, {
      route: "refresh",
      status: Number(result.status) || 0,
      account: upstream.name,
      code: result.ok ? "" : result.reason,
      ms: now - started,
    });
    if (result.drift.length > 0)
      logLine("warn", "upstream_drift", { ...facts, drift: result.drift });
    if (!result.ok) {
      const failure = nextFailure(this.#state.failure, result, now, Math.random());
      this.#save({ ...this.#state, failure });
      const retry = { failures: failure.count, retry_in_ms: failure.retry_at - now };
      logLine("error", "refresh_failed", { ...facts, reason: result.reason, ...retry });
      await this.#aside(upstream, () => this.#alerts.afterFailure(upstream, config, failure));
      return;
    }
    const record = newRecord(upstream, result.balance, now);
    this.#save({ ...this.#state, record, failure: null });
    await this.#aside(upstream, () => {
      this.#history.add(record);
      return this.#alerts.afterValue(record, config);
    });
    logLine("info", "refreshed", facts);
    this.ctx.waitUntil(writeCopy(this.env.BALANCE_KV, record, config.STALE_SECONDS));
  }

  /** What hangs on a refresh must not be what it fails by. */
  async #aside({ name }: Account, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      logLine("error", "internal", { account: name, error: nameOf(error) });
    }
  }

  #save(state: State): void {
    this.#state = state;
    this.ctx.storage.kv.put(STATE_KEY, state);
  }
}
