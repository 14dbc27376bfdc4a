/** What a month costs on Cloudflare's paid plan. US dollars, prices of 2026. */

const MILLION = 1_000_000;
/** Of each: what the plan includes, and the price of a million more. */
const PRICES = {
  requests: [10 * MILLION, 0.3],
  kvReads: [10 * MILLION, 0.5],
  kvWrites: [MILLION, 5],
  objectRequests: [MILLION, 0.15],
  logLines: [20 * MILLION, 0.6],
} as const;
/** Announced, not billed yet. */
const POINTS_PRICE = 0.25;
const PLAN = 5;

/** The free plan's, a day. */
const FREE_REQUESTS = 100_000;
const FREE_KV_WRITES = 1_000;
const MONTH_DAYS = 30;

/** Of a month. */
export type Usage = Readonly<Record<keyof typeof PRICES, number>>;

export interface Cost {
  readonly usd: number;
  /** What Analytics Engine will add once it is billed. */
  readonly pointsUsd: number;
  readonly freePlanHolds: boolean;
}

/** @param points written to Analytics Engine: as many as requests, but for METRICS_SAMPLE */
export function monthlyCost(usage: Usage, points = usage.requests): Cost {
  const { requests, kvWrites } = usage;
  const above = (name: keyof Usage) => {
    const [included, price] = PRICES[name];
    return (Math.max(0, usage[name] - included) * price) / MILLION;
  };
  const usd =
    PLAN +
    above("requests") +
    above("kvReads") +
    above("kvWrites") +
    above("objectRequests") +
    above("logLines");
  return {
    usd,
    pointsUsd: (points * POINTS_PRICE) / MILLION,
    freePlanHolds:
      requests / MONTH_DAYS <= FREE_REQUESTS && kvWrites / MONTH_DAYS <= FREE_KV_WRITES,
  };
}
