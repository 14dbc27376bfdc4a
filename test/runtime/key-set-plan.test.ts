import { expect, test } from "vitest";
import { type KeySetPlan, type KnownKeys, keySetPlan } from "../../src/callers/jwt/key-set-plan.ts";

const NOW = 1_800_000_000_000;
const MINUTE = 60_000;

interface Row {
  /** Age of the keys in memory; `null` without any. */
  readonly ageMs: number | null;
  /** How long ago the object was asked, and nothing was found; never when left out. */
  readonly askedMs?: number;
  readonly missedMs?: number;
  /** How long another request has been looking them up. */
  readonly busyMs?: number;
  readonly plan: KeySetPlan;
}

test.each<Row>([
  { ageMs: null, plan: "look_up" },
  { ageMs: null, missedMs: 4_999, plan: "give_up" },
  { ageMs: null, missedMs: 5_000, plan: "look_up" },
  { ageMs: null, busyMs: 0, plan: "wait" },
  { ageMs: null, busyMs: 5_999, plan: "wait" },
  { ageMs: null, busyMs: 6_000, plan: "give_up" },
  { ageMs: null, busyMs: 14_999, plan: "give_up" },
  { ageMs: null, busyMs: 15_000, plan: "look_up" },
  { ageMs: null, busyMs: 0, missedMs: 0, plan: "give_up" },
  { ageMs: 0, plan: "serve" },
  { ageMs: 10 * MINUTE, plan: "serve" },
  { ageMs: 10 * MINUTE + 1, plan: "serve_and_renew" },
  { ageMs: 10 * MINUTE + 1, askedMs: 5_000, plan: "serve" },
  { ageMs: 10 * MINUTE + 1, askedMs: 5_001, plan: "serve_and_renew" },
  { ageMs: 10 * MINUTE + 1, busyMs: 0, plan: "serve" },
  { ageMs: 10 * MINUTE + 1, busyMs: 15_000, plan: "serve_and_renew" },
  { ageMs: 60 * MINUTE, plan: "serve_and_renew" },
  { ageMs: 60 * MINUTE + 1, plan: "renew_or_serve" },
  { ageMs: 60 * MINUTE + 1, askedMs: 5_000, plan: "serve" },
  { ageMs: 60 * MINUTE + 1, busyMs: 1_999, plan: "wait" },
  { ageMs: 60 * MINUTE + 1, busyMs: 2_000, plan: "serve" },
  { ageMs: 60 * MINUTE + 1, busyMs: 15_000, plan: "renew_or_serve" },
  // An earlier miss decides nothing once there are keys.
  { ageMs: 0, missedMs: 0, plan: "serve" },
])(
  "keys of age $ageMs ms, asked for $askedMs ms ago, missed $missedMs ms ago, busy for $busyMs ms: $plan",
  (row) => {
    const ago = (ms: number | undefined) => (ms === undefined ? 0 : NOW - ms);
    const known: KnownKeys = {
      fetchedAt: row.ageMs === null ? null : NOW - row.ageMs,
      askedAt: ago(row.askedMs),
      lastMissAt: ago(row.missedMs),
      busySince: ago(row.busyMs),
    };
    expect(keySetPlan(known, NOW)).toBe(row.plan);
  },
);
