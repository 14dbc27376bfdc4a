/**
 * What a month costs on Cloudflare's paid plan, by its prices of 2026 in dollars. Of the amounts that the
 * plan includes only the ten million requests are taken off, so it is an upper bound; the plan's own fee,
 * time of CPU and of objects are not in it.
 */
import type { Counts } from "../world/edge.ts";

const INCLUDED_REQUESTS = 10_000_000;
/** A million of each. */
const PRICES = {
  requests: 0.3,
  kvReads: 0.5,
  kvWrites: 5,
  objects: 0.15,
  points: 0.25,
  lines: 0.6,
};

export interface Month extends Record<keyof typeof PRICES, number> {
  readonly total: number;
}

/** @param perMonth how many times what was counted happens in a month */
export function monthOf(requests: number, counts: Counts, perMonth: number): Month {
  const paid = (amount: number, price: number) => (amount * price) / 1_000_000;
  const month = {
    requests: paid(Math.max(0, requests * perMonth - INCLUDED_REQUESTS), PRICES.requests),
    kvReads: paid(counts.kvReads * perMonth, PRICES.kvReads),
    kvWrites: paid(counts.kvWrites * perMonth, PRICES.kvWrites),
    // An alarm is a request of the object, too.
    objects: paid((counts.objects + counts.alarms) * perMonth, PRICES.objects),
    points: paid(counts.points * perMonth, PRICES.points),
    lines: paid(counts.lines * perMonth, PRICES.lines),
  };
  return { ...month, total: Object.values(month).reduce((sum, part) => sum + part, 0) };
}
