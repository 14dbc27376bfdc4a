/** Reads the proxy's answers generously: members that are new are ignored, members that are missing are null. */
import type { Balance, Decimal, History, Status } from "./types.ts";

type Members = Readonly<Record<string, unknown>>;

const membersOf = (value: unknown): Members =>
  typeof value === "object" && value !== null ? (value as Members) : {};
const text = (value: unknown): string | null => (typeof value === "string" ? value : null);
const flag = (value: unknown): boolean | null => (typeof value === "boolean" ? value : null);
const isDecimal = (value: unknown): value is Decimal =>
  typeof value === "string" && /^-?\d{1,30}(\.\d{1,30})?$/.test(value);
const decimal = (value: unknown): Decimal | null => (isDecimal(value) ? value : null);

function must<T>(value: T | null): T {
  if (value === null) throw new TypeError("A member without which nothing can be shown is missing");
  return value;
}

/** @throws TypeError when it cannot be shown */
export function readStatus(body: unknown): Status {
  const { account, status, stale, stale_reason } = membersOf(body);
  return {
    account: text(account),
    status: must(text(status)),
    stale: flag(stale) ?? false,
    stale_reason: text(stale_reason),
  };
}

/** @throws TypeError when it cannot be shown */
export function readBalance(body: unknown): Balance {
  const members = membersOf(body);
  const monthly = membersOf(members.monthly);
  const prepaid = membersOf(members.prepaid);
  const plan = membersOf(members.plan);
  const name = text(plan.name);
  return {
    ...readStatus(body),
    currency: text(members.currency) ?? "USD",
    available: must(decimal(members.available)),
    low_below: decimal(members.low_below),
    blocked: text(members.blocked),
    pay_as_you_go: flag(members.pay_as_you_go),
    monthly: {
      remaining: decimal(monthly.remaining),
      allowance: decimal(monthly.allowance),
      refreshes_at: text(monthly.refreshes_at),
    },
    prepaid: { remaining: decimal(prepaid.remaining), cash: decimal(prepaid.cash) },
    total_due: decimal(members.total_due),
    plan: name === null ? null : { name, title: text(plan.title) ?? name },
  };
}

/** @throws TypeError when it cannot be shown */
export function readHistory(body: unknown): History {
  const { points, spend_per_day, lasts_until, forecast_reason } = membersOf(body);
  return {
    points: must(Array.isArray(points) ? points : null).flatMap((point: unknown) => {
      const at = text(membersOf(point).at);
      const available = decimal(membersOf(point).available);
      return at === null || available === null ? [] : [{ at, available }];
    }),
    spend_per_day: decimal(spend_per_day),
    lasts_until: text(lasts_until),
    forecast_reason: text(forecast_reason),
  };
}
