/**
 * One Durable Object per account: the RPC that the Worker calls, and the one alarm. It alone calls Zoo
 * and writes Workers KV; it composes the refresher, the readers it refreshes for, the history and the alerts.
 */
import { DurableObject } from "cloudflare:workers";
import { Alerts } from "../alerts/alerts.ts";
import type { RefreshDemand, RefreshOutcome } from "../balance/refresh.ts";
import { parseConfig } from "../config/config.ts";
import type { Env } from "../env.ts";
import { type Chart, Charts } from "../history/charts.ts";
import { History, type HistoryExcerpt } from "../history/store.ts";
import { logLine, nameOf } from "../lib/log.ts";
import { Readers } from "./readers.ts";
import { type RefreshContext, Refresher } from "./refresher.ts";

/** How soon an alarm that could do nothing (bad configuration, a bug) tries again. */
const ALARM_RETRY_MS = 60_000;

export class AccountBalance extends DurableObject<Env> {
  readonly #history: History;
  readonly #charts = new Charts();
  readonly #alerts: Alerts;
  readonly #readers: Readers;
  readonly #refresher: Refresher;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#history = new History(ctx.storage);
    this.#alerts = new Alerts(ctx.storage, () => this.#setAlarm());
    this.#readers = new Readers(ctx.storage);
    this.#refresher = new Refresher(ctx, {
      afterValue: (record, config) => {
        if (this.#history.add(record)) this.#charts.clear();
        const runway = () => this.#history.lastsMs(record.source, Date.now());
        return this.#alerts.afterValue(record, config, runway);
      },
      afterFailure: (upstream, config, failure, lastSuccessAt) =>
        this.#alerts.afterFailure(upstream, config, failure, lastSuccessAt),
    });
  }

  /** See {@link Refresher.refresh}. */
  async refresh(demand: RefreshDemand): Promise<RefreshOutcome> {
    const on = this.#configured(demand.account);
    // A Worker of an earlier version does not say: then it is a reader.
    if (demand.by !== "cron")
      this.#readers.seen(demand.account, on.config.KEEP_FRESH_SECONDS, Date.now());
    const outcome = await this.#refresher.refresh(demand, on);
    await this.#setAlarm();
    return outcome;
  }

  /** What is stored, at once: never calls Zoo. */
  peek(account: string): RefreshOutcome {
    return this.#refresher.peek(this.#configured(account));
  }

  /** Somebody reads the account from a copy: keeps the value fresh for them. Never calls Zoo by itself. */
  async reportReader(account: string): Promise<RefreshOutcome> {
    const on = this.#configured(account);
    this.#readers.seen(account, on.config.KEEP_FRESH_SECONDS, Date.now());
    await this.#setAlarm();
    return this.#refresher.peek(on);
  }

  /**
   * The answer of `GET /v1/balance/history`.
   *
   * @param known the `ETag` of what the Worker has already; null without one
   */
  chart(account: string, days: number, known: string | null): Promise<Chart> {
    const { source } = this.#configured(account).upstream;
    const now = Date.now();
    return this.#charts.chart({ account, source, days }, known, now, () =>
      this.#history.excerpt(source, days, now),
    );
  }

  /** What the balance was in the last `days` days, and the forecast: for Workers of earlier versions. */
  history(account: string, days: number): HistoryExcerpt {
    const { upstream } = this.#configured(account);
    return this.#history.excerpt(upstream.source, days, Date.now());
  }

  /**
   * Keeps a value that is read fresh, and delivers the alerts that are due. Never throws, and sets the
   * alarm again for whatever still waits: one that was used up would not come back by itself.
   */
  override async alarm(): Promise<void> {
    const began = Date.now();
    try {
      const parsed = parseConfig(this.env);
      if (!parsed.ok) {
        this.#alerts.dropExpired();
        return logLine("error", "misconfigured", { problems: parsed.problems });
      }
      const reading = this.#reading();
      await Promise.all([
        reading && this.#refresher.keepFresh(reading),
        this.#alerts.deliver(parsed.config),
      ]);
    } catch (error) {
      logLine("error", "internal", { error: nameOf(error) });
    } finally {
      await this.#setAlarm(began);
    }
  }

  /**
   * The one alarm, for what comes first.
   *
   * @param triedAt when an alarm began, epoch milliseconds: what was due then and still is, could not be done
   *   now. What has become due since then (a receiver may be slow) has not been tried yet
   */
  async #setAlarm(triedAt = 0): Promise<void> {
    const now = Date.now();
    const reading = this.#reading();
    const parsed = parseConfig(this.env);
    const alertsAt = this.#alerts.nextAt(parsed.ok ? parsed.config.alerts : null);
    const times = [alertsAt, reading && this.#refresher.keepFreshAt(reading, now)];
    const first = Math.min(...times.map((at) => at ?? Number.POSITIVE_INFINITY));
    if (first === Number.POSITIVE_INFINITY) return;
    const at = first <= triedAt ? now + ALARM_RETRY_MS : Math.max(now, first);
    const set = await this.ctx.storage.getAlarm();
    if (set === null || at < set) await this.ctx.storage.setAlarm(at);
  }

  /** What the readers' account needs to be refreshed; null without readers, or while it is not configured. */
  #reading(): RefreshContext | null {
    const { account } = this.#readers;
    const parsed = parseConfig(this.env);
    if (account === null || !parsed.ok || !parsed.config.accounts.has(account)) return null;
    return this.#configured(account);
  }

  /** @throws Error, which the Worker logs as `object_failed` */
  #configured(account: string): RefreshContext {
    const parsed = parseConfig(this.env);
    if (!parsed.ok) throw new Error("misconfigured");
    const { config } = parsed;
    const upstream = config.accounts.get(account);
    if (upstream === undefined) throw new Error("unknown account");
    const keptUntil = (now: number) => this.#readers.keptUntil(config.KEEP_FRESH_SECONDS, now);
    return { upstream, config, env: this.env, keptUntil };
  }
}
