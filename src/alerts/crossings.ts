/** What one receiver is told after a value or a failure: each crossing once. Pure decisions. */
import type { Access, Balance } from "../balance/record.ts";
import { isNothing, statusOf } from "../balance/status.ts";
import type { AlertTarget } from "../config/config.ts";
import { compareMoney, type Money, moneyOf, scaleOf, unitsOf, ZERO } from "../lib/money.ts";
import { timeOf } from "../lib/schema.ts";
import type { AlertEvent, Decision, Told } from "./events.ts";
import { toldAfter, transition } from "./hysteresis.ts";
import { type Before, topUp } from "./top-ups.ts";

export type Rules = Pick<AlertTarget, "thresholds" | "days" | "staleMinutes">;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** A value from Zoo, and what else its judgement needs. */
export interface Value {
  readonly balance: Balance;
  /** Null when it is not known. */
  readonly access: Access | null;
  /** The value before; null for the first. */
  readonly before: Before | null;
  /** Milliseconds that the balance lasts by the forecast; null when that cannot be told yet. */
  readonly lastsMs: number | null;
  /** Epoch milliseconds. */
  readonly now: number;
}

export function afterValue(told: Told, value: Value, rules: Rules): Decision {
  const { balance, access } = value;
  const events: AlertEvent[] = [];
  const tell = (type: PlainType) =>
    events.push({ type, threshold: null, available: balance.available });
  if (told.rejected) tell("upstream.recovered");
  if (told.stale) tell("upstream.fresh");

  const blocked = access?.blocked ?? null;
  const blocking = transition(told.blocked, blocked !== null, access?.blocked === null);
  if (blocking === "ends") tell("account.unblocked");
  if (blocking === "begins" && blocked !== null) {
    const { available } = balance;
    events.push({ type: "account.blocked", threshold: null, available, blocked });
  }
  const upstream = { rejected: false, stale: false, blocked: toldAfter(told.blocked, blocking) };

  // The balance is not what limits a contract account that has nothing available: it crosses nothing.
  if (statusOf(balance, null, ZERO) === "contract") {
    return { told: { ...told, ...upstream }, events };
  }
  const { told: topped_up, amount } = topUp(told.topped_up, value.before, balance);
  if (amount !== null) {
    const { available } = balance;
    events.push({ type: "balance.topped_up", threshold: null, available, amount });
  }
  const levels = crossThresholds(told, balance.available, rules.thresholds);
  const forecast = crossDays(told, value, rules.days);
  return {
    told: { ...told, ...upstream, topped_up, ...levels.told, ...forecast.told },
    events: [...events, ...levels.events, ...forecast.events],
  };
}

/** Of those events that say nothing but their type. */
type PlainType = Exclude<
  AlertEvent["type"],
  "balance.runs_out" | "balance.topped_up" | "account.blocked"
>;

/**
 * After a call to Zoo failed.
 *
 * @param noSuccessSince epoch milliseconds
 */
export function afterFailure(
  told: Told,
  reason: string,
  noSuccessSince: number,
  rules: Rules,
  now: number,
): Decision {
  const refusal = transition(told.rejected, reason === "upstream_rejected", false);
  const refused = { ...told, rejected: toldAfter(told.rejected, refusal) };
  const silence = afterSilence(refused, noSuccessSince, rules, now);
  if (refusal !== "begins") return silence;
  return { ...silence, events: [upstreamEvent("upstream.rejected"), ...silence.events] };
}

/** While Zoo fails, or cannot be read, for so long as the receiver wants to be told of. */
export function afterSilence(
  told: Told,
  noSuccessSince: number,
  rules: Pick<Rules, "staleMinutes">,
  now: number,
): Decision {
  const dueAt = staleAt(told, noSuccessSince, rules);
  if (dueAt === null || dueAt > now) return { told, events: [] };
  return { told: { ...told, stale: true }, events: [upstreamEvent("upstream.stale")] };
}

/** When `upstream.stale` is due if nothing succeeds until then; null when it was told, or is not wanted. */
export function staleAt(
  { stale }: Told,
  noSuccessSince: number,
  { staleMinutes }: Pick<Rules, "staleMinutes">,
): number | null {
  return stale || staleMinutes === 0 ? null : noSuccessSince + staleMinutes * MINUTE_MS;
}

const upstreamEvent = (type: PlainType): AlertEvent => ({ type, threshold: null, available: null });

function crossThresholds(told: Told, available: Money, thresholds: readonly Money[]) {
  const crossed: AlertEvent[] = [];
  const recovered: AlertEvent[] = [];
  const low: Money[] = [];
  const falling = [...thresholds].sort((a, b) => compareMoney(b, a));
  for (const threshold of falling) {
    const known = told.low.includes(threshold);
    const change = transition(
      known,
      compareMoney(available, threshold) < 0,
      compareMoney(available, recoveredAt(threshold)) >= 0,
    );
    if (toldAfter(known, change)) low.push(threshold);
    if (change === "begins") crossed.push({ type: "balance.low", threshold, available });
    if (change === "ends") recovered.unshift({ type: "balance.recovered", threshold, available });
  }
  // Exhausted until the lowest threshold is over; without any, until there is something.
  const lowest = falling.at(-1);
  const empty = isNothing(available);
  const over = !empty && (lowest === undefined || !low.some((one) => one === lowest));
  const change = transition(told.exhausted, empty, over);
  if (change === "begins") crossed.push({ type: "balance.exhausted", threshold: null, available });
  if (change === "ends" && lowest === undefined) {
    crossed.push({ type: "balance.recovered", threshold: null, available });
  }
  return {
    told: { low, exhausted: toldAfter(told.exhausted, change) },
    events: [...crossed, ...recovered],
  };
}

/** 10 % above. */
function recoveredAt(threshold: Money): Money {
  const scale = scaleOf(threshold) + 1;
  return moneyOf(unitsOf(threshold, scale) + unitsOf(threshold, scale - 1), scale);
}

function crossDays(told: Told, { balance, lastsMs, now }: Value, days: readonly number[]) {
  const { available } = balance;
  const runs_out: number[] = [];
  const events: AlertEvent[] = [];
  for (const limit of [...days].sort((a, b) => b - a)) {
    const known = told.runs_out.includes(limit);
    const limitMs = limit * DAY_MS;
    const change =
      lastsMs === null ? "stays" : transition(known, lastsMs < limitMs, lastsMs >= limitMs * 1.1);
    if (toldAfter(known, change)) runs_out.push(limit);
    if (change === "begins" && lastsMs !== null) {
      const lasts_until = timeOf(now + lastsMs);
      const facts = { days: String(limit), lasts_until };
      events.push({ type: "balance.runs_out", threshold: null, available, ...facts });
    }
  }
  return { told: { runs_out }, events };
}
