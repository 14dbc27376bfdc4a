/** Days of apps of three sizes, in real time's pace and under the project's defaults. */
import { Draws } from "../world/latency.ts";
import { type Scenario, visitsOf } from "../world/scenarios.ts";

const DAY_S = 86_400;

export interface Size {
  readonly name: string;
  readonly seconds: number;
  readonly visits: number;
  readonly requests: number;
  readonly machines: number;
  readonly rhythm: boolean;
}

const QUIET: Size = {
  ...{ name: "quiet: 60 requests a day", visits: 20, requests: 3 },
  ...{ seconds: DAY_S, machines: 4, rhythm: true },
};
const SMALL: Size = {
  ...{ name: "small: 1,000 users, 6,000 requests a day", visits: 2_000, requests: 3 },
  ...{ seconds: DAY_S, machines: 4, rhythm: true },
};
/** 100,000 users. */
export const BUSY_DAY: Size = {
  ...{ name: "busy: 1,000,000 requests a day", visits: 200_000, requests: 5 },
  ...{ seconds: DAY_S, machines: 16, rhythm: true },
};
/** An hour as busy as the mean of that day, for tables of many runs. */
const BUSY_HOUR: Size = {
  ...{ name: "busy: 1,000,000 requests a day (an hour of it)", visits: 8_333, requests: 5 },
  ...{ seconds: 3_600, machines: 16, rhythm: false },
};
export const SIZES = [QUIET, SMALL, BUSY_HOUR];

export interface Policy {
  readonly cronSeconds: number;
  readonly keepFreshSeconds: number;
}

export function dayOf(
  size: Size,
  { cronSeconds, keepFreshSeconds }: Policy,
  seed: number,
): Scenario {
  const { name, seconds, visits, requests, machines, rhythm } = size;
  const to = seconds * 1_000;
  const traffic = { visits, requests, machines, rhythm, from: 0, to, gapMs: 20_000 };
  return {
    ...{ name, seconds, cronSeconds, seed, pace: 1 },
    vars: { KEEP_FRESH_SECONDS: String(keepFreshSeconds) },
    visits: visitsOf(traffic, new Draws(seed)),
  };
}
