/** What a caller sees of a stored balance: at a moment, under this configuration. */
import * as z from "zod/mini";
import type { Config } from "../config/config.ts";
import { time, timeOf } from "../lib/schema.ts";
import { accessSchema, type BalanceRecord, balanceSchema, money } from "./record.ts";
import { STATUSES, statusOf } from "./status.ts";

export const STALE_REASONS = [
  "revalidating",
  "upstream_unavailable",
  "upstream_rejected",
  "upstream_invalid",
] as const;
export type StaleReason = (typeof STALE_REASONS)[number];

const { available, ...rest } = balanceSchema.shape;

export const viewSchema = z.strictObject({
  account: z.string(),
  status: z.enum(STATUSES),
  currency: z.enum(["USD"]),
  available,
  low_below: money,
  ...accessSchema.shape,
  ...rest,
  as_of: time,
  stale: z.boolean(),
  stale_reason: z.nullable(z.enum(STALE_REASONS)),
});
export type View = z.infer<typeof viewSchema>;

/** `GET /v1/balance/status`: how the account stands, and no amount. */
const { account, status, as_of, stale, stale_reason } = viewSchema.shape;
export const statusViewSchema = z.strictObject({ account, status, as_of, stale, stale_reason });
export type StatusView = z.infer<typeof statusViewSchema>;

export function toStatusView(view: View): StatusView {
  const { account, status, as_of, stale, stale_reason } = view;
  return statusViewSchema.parse({ account, status, as_of, stale, stale_reason });
}

/** A value and how old it is: what the read policy decided to answer. */
export interface Seen {
  readonly record: BalanceRecord;
  readonly stale: boolean;
  readonly staleReason: StaleReason | null;
}

/** @throws ZodError when the result is not a view: checked on the way out as on the way in. */
export function toView(seen: Seen, config: Pick<Config, "LOW_BALANCE_USD">): View {
  const { account, balance, access, fetched_at } = seen.record;
  const { available, monthly, prepaid, total_due, plan, updated_at } = balance;
  return viewSchema.parse({
    account,
    status: statusOf(balance, access, config.LOW_BALANCE_USD),
    currency: "USD",
    available,
    low_below: config.LOW_BALANCE_USD,
    blocked: access?.blocked ?? null,
    pay_as_you_go: access?.pay_as_you_go ?? null,
    monthly,
    prepaid,
    total_due,
    plan,
    updated_at,
    as_of: timeOf(fetched_at),
    stale: seen.stale,
    stale_reason: seen.staleReason,
  });
}
