/**
 * A month's bill on Cloudflare's paid plan in dollars, by its prices of 2026 and what the plan includes.
 * Time of CPU and of objects is not in it.
 */
import type { Counts } from "../world/edge.ts";

const MILLION = 1_000_000;
const PLAN = 5;
/** Dollars a million, and how many are included. */
const PRICES = {
  requests: { price: 0.3, included: 10 * MILLION },
  kvReads: { price: 0.5, included: 10 * MILLION },
  kvWrites: { price: 5, included: MILLION },
  objects: { price: 0.15, included: MILLION },
  lines: { price: 0.6, included: 20 * MILLION },
};
/** Analytics Engine's, announced but not yet billed. */
const POINTS_PRICE = 0.25;

export interface Month extends Record<keyof typeof PRICES, number> {
  /** The plan included. */
  readonly bill: number;
  /** To come on top when data points are billed. */
  readonly points: number;
}

/** @param perMonth how many times what was counted happens in a month */
export function monthOf(requests: number, counts: Counts, perMonth: number): Month {
  const { kvReads, kvWrites, objects, alarms, lines, points } = counts;
  const beyond = (what: keyof typeof PRICES, count: number) => {
    const { price, included } = PRICES[what];
    return (Math.max(0, count * perMonth - included) * price) / MILLION;
  };
  const parts = {
    requests: beyond("requests", requests),
    kvReads: beyond("kvReads", kvReads),
    kvWrites: beyond("kvWrites", kvWrites),
    // An alarm is a request of the object, too.
    objects: beyond("objects", objects + alarms),
    lines: beyond("lines", lines),
  };
  const bill = Object.values(parts).reduce((sum, part) => sum + part, PLAN);
  return { ...parts, bill, points: (points * perMonth * POINTS_PRICE) / MILLION };
}
