/**
 * What an account's Durable Object knows of alerts: what each receiver has been told, and what is still on its
 * way out. Guarantee: whatever an alarm met, {@link Alerts.nextAt} says when there is something to do.
 */
import * as z from "zod/mini";
import type { Failure } from "../balance/backoff.ts";
import { type BalanceRecord, money } from "../balance/record.ts";
import type { Account, AlertTarget, Config } from "../config/config.ts";
import { moment, version } from "../lib/schema.ts";
import { afterFailure, afterSilence, afterValue, staleAt } from "./crossings.ts";
import { type Decision, NOTHING_TOLD, type Told, toldOf, toldSchema } from "./events.ts";
import { Outbox } from "./outbox.ts";

const STATE_KEY = "alerts_v2";
const stateSchema = z.strictObject({
  v: version(2),
  /** What it is about: with another source nothing has been told. */
  source: z.string(),
  account: z.string(),
  /** The last value's amounts; null before the first. */
  before: z.nullable(z.strictObject({ available: money, monthly: money })),
  /** While Zoo fails: the last success, or the first failure; epoch milliseconds. */
  no_success_since: z.nullable(moment),
  /** By receiver, in their order. */
  told: z.array(toldSchema),
});
type State = Omit<z.infer<typeof stateSchema>, "told"> & { readonly told: readonly Told[] };

/** The next attempt may be due at the very moment that `stale_minutes` end: let it succeed first. */
const ATTEMPT_GRACE_MS = 60_000;

/** Of versions that had one receiver. It is left in place for a version that is rolled back to. */
const V1_KEY = "alerts";
const v1Schema = z.strictObject({
  v: version(1),
  source: z.string(),
  account: z.string(),
  told: toldSchema,
});

/** Milliseconds that the balance lasts by the forecast, `Infinity` without spending; null when not known yet. */
export type Runway = () => number | null;

export class Alerts {
  readonly #storage: DurableObjectStorage;
  readonly #outbox: Outbox;
  readonly #schedule: () => Promise<void>;

  /** @param schedule sets the object's one alarm, in view of {@link nextAt} */
  constructor(storage: DurableObjectStorage, schedule: () => Promise<void>) {
    this.#storage = storage;
    this.#schedule = schedule;
    this.#outbox = new Outbox(storage.sql);
  }

  /** @param runway is asked only when a receiver wants to be told of the forecast */
  async afterValue(record: BalanceRecord, { alerts }: Config, runway: Runway): Promise<void> {
    const { account, source, balance, access } = record;
    const stored = this.#state();
    // Switched off: nothing is judged, and a failure of that time is not one of the time after it.
    if (alerts.length === 0) {
      if (stored !== null && stored.no_success_since !== null) {
        this.#save({ ...stored, no_success_since: null });
      }
      return;
    }
    const state = stored?.source === source ? stored : newState(account, source);
    const now = Date.now();
    const lastsMs = alerts.some(({ days }) => days.length > 0) ? runway() : null;
    const value = { balance, access, before: state.before, lastsMs, now };
    const next = {
      ...state,
      before: { available: balance.available, monthly: balance.monthly.remaining },
      no_success_since: null,
    };
    await this.#tell(stored, next, alerts, (told, rules) => afterValue(told, value, rules));
  }

  /** @param lastSuccessAt epoch milliseconds; null when there was none, or it is not known */
  async afterFailure(
    { name, source }: Account,
    { alerts }: Config,
    { reason, at }: Failure,
    lastSuccessAt: number | null,
  ): Promise<void> {
    if (alerts.length === 0) return;
    const stored = this.#state();
    const state = stored?.source === source ? stored : newState(name, source);
    const since = lastSuccessAt ?? state.no_success_since ?? at;
    const next = { ...state, no_success_since: since };
    await this.#tell(stored, next, alerts, (told, rules) =>
      afterFailure(told, reason, since, rules, Date.now()),
    );
  }

  /** Tells of what time has brought, and sends what is due. */
  async deliver({ alerts }: Config): Promise<void> {
    const state = this.#state();
    if (state === null) return;
    const since = state.no_success_since;
    if (since !== null) {
      await this.#tell(state, state, alerts, (told, rules) =>
        afterSilence(told, since, rules, Date.now() - ATTEMPT_GRACE_MS),
      );
    }
    const { account } = state;
    this.#outbox.dropUnconfigured(account, alerts.length, Date.now());
    await Promise.all(
      alerts.map((receiver, place) => this.#outbox.deliver(account, place, receiver)),
    );
  }

  /** While the configuration is bad nothing can be sent: drops what has waited for too long. */
  dropExpired(): void {
    const state = this.#state();
    if (state !== null) this.#outbox.dropUnconfigured(state.account, 0, Date.now());
  }

  /**
   * When {@link deliver} has something to do, epoch milliseconds; null when nothing waits.
   *
   * @param alerts the receivers; null while the configuration is bad, when events wait for all there may be
   */
  nextAt(alerts: readonly AlertTarget[] | null): number | null {
    const state = this.#state();
    if (state === null) return null;
    const since = state.no_success_since;
    const known = alerts ?? state.told.map(() => null);
    const times = known.flatMap((receiver, place) => {
      const told = state.told[place] ?? NOTHING_TOLD;
      const silentAt = receiver && since !== null ? staleAt(told, since, receiver) : null;
      return [this.#outbox.nextAt(place), silentAt && silentAt + ATTEMPT_GRACE_MS];
    });
    times.push(this.#outbox.nextDropAt(known.length));
    const due = times.filter((at) => at !== null);
    return due.length === 0 ? null : Math.min(...due);
  }

  /** Saves what has changed, puts the events into the outbox, and has the alarm set for them. */
  async #tell(
    stored: State | null,
    state: State,
    receivers: readonly AlertTarget[],
    decide: (told: Told, rules: AlertTarget) => Decision,
  ): Promise<void> {
    const decisions = receivers.map((receiver, place) =>
      decide(state.told[place] ?? NOTHING_TOLD, receiver),
    );
    // Of receivers that are not configured at present too: they may come back.
    const told = [
      ...decisions.map((decision) => decision.told),
      ...state.told.slice(receivers.length),
    ];
    const next = { ...state, told };
    if (JSON.stringify(next) !== JSON.stringify(stored)) this.#save(next);
    const now = Date.now();
    for (const [place, { events }] of decisions.entries()) {
      for (const event of events) this.#outbox.add(state.account, place, event, now);
    }
    if (decisions.some(({ events }) => events.length > 0)) await this.#schedule();
  }

  #save(state: State): void {
    this.#storage.kv.put(STATE_KEY, state);
  }

  #state(): State | null {
    const stored = stateSchema.safeParse(this.#storage.kv.get(STATE_KEY));
    if (stored.success) return { ...stored.data, told: stored.data.told.map(toldOf) };
    const old = v1Schema.safeParse(this.#storage.kv.get(V1_KEY));
    if (!old.success) return null;
    const { account, source, told } = old.data;
    return { ...newState(account, source), told: [toldOf(told)] };
  }
}

const newState = (account: string, source: string): State => ({
  v: 2,
  source,
  account,
  before: null,
  no_success_since: null,
  told: [],
});
