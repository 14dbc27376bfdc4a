/** `GET /v1/balance/history`: what the balance was, how fast it falls, and until when it lasts. */
import * as z from "zod/mini";
import { money } from "../balance/record.ts";
import { matching, time, timeOf } from "../lib/schema.ts";
import type { HistoryExcerpt } from "./store.ts";

export const pointSchema = z.strictObject({
  at: time,
  available: money,
  monthly: money,
  prepaid: money,
  total_due: z.nullable(money),
});

export const DAY = /^\d{4}-\d{2}-\d{2}$/;
export const daySchema = z.strictObject({
  day: matching(DAY, "must be a day in UTC"),
  spent: money,
});

export const historySchema = z.strictObject({
  account: z.string(),
  currency: z.enum(["USD"]),
  from: time,
  to: time,
  points: z.array(pointSchema),
  spend_per_day: z.nullable(money),
  lasts_until: z.nullable(time),
  forecast_reason: z.nullable(z.enum(["not_enough_history", "not_spending"])),
  days: z.array(daySchema),
});
export type HistoryView = z.infer<typeof historySchema>;

/** @throws ZodError when the result is not a view: checked on the way out as on the way in. */
export function toHistoryView(account: string, excerpt: HistoryExcerpt): HistoryView {
  const { from, to, points, forecast, days } = excerpt;
  const { spend_per_day, lasts_until, forecast_reason } = forecast;
  return historySchema.parse({
    account,
    currency: "USD",
    from: timeOf(from),
    to: timeOf(to),
    points: points.map(({ at, ...amounts }) => ({ at: timeOf(at), ...amounts })),
    spend_per_day,
    lasts_until: lasts_until === null ? null : timeOf(lasts_until),
    forecast_reason,
    days,
  });
}
