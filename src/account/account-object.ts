/**
 * One Durable Object per account: the RPC that the Worker calls, and the alarm. It alone calls Zoo and
 * writes Workers KV; it composes the refresher, the history and the alerts.
 */
import { DurableObject } from "cloudflare:workers";
import { Alerts } from "../alerts/alerts.ts";
import type { RefreshDemand, RefreshOutcome } from "../balance/refresh.ts";
import { parseConfig } from "../config/config.ts";
import type { Env } from "../env.ts";
import { History, type HistoryExcerpt } from "../history/store.ts";
import { type RefreshContext, Refresher } from "./refresher.ts";

export class AccountBalance extends DurableObject<Env> {
  readonly #history: History;
  readonly #alerts: Alerts;
  readonly #refresher: Refresher;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#history = new History(ctx.storage.sql);
    this.#alerts = new Alerts(ctx.storage);
    this.#refresher = new Refresher(ctx, {
      afterValue: (record, config) => {
        this.#history.add(record);
        return this.#alerts.afterValue(record, config);
      },
      afterFailure: (upstream, config, failure) =>
        this.#alerts.afterFailure(upstream, config, failure),
    });
  }

  /** See {@link Refresher.refresh}. */
  async refresh(demand: RefreshDemand): Promise<RefreshOutcome> {
    return this.#refresher.refresh(demand, this.#configured(demand.account));
  }

  /** What the balance was in the last `days` days, and the forecast. */
  history(account: string, days: number): HistoryExcerpt {
    const { upstream } = this.#configured(account);
    return this.#history.excerpt(upstream.source, days, Date.now());
  }

  /** Delivers alerts that are due. Runs beside refreshes, and never keeps one waiting. */
  override async alarm(): Promise<void> {
    const parsed = parseConfig(this.env);
    if (parsed.ok) await this.#alerts.deliver(parsed.config);
  }

  /** @throws Error, which the Worker logs as `object_failed` */
  #configured(account: string): RefreshContext {
    const parsed = parseConfig(this.env);
    if (!parsed.ok) throw new Error("misconfigured");
    const { config } = parsed;
    const upstream = config.accounts.get(account);
    if (upstream === undefined) throw new Error("unknown account");
    return { upstream, config, env: this.env };
  }
}
