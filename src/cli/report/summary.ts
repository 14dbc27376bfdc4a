/** What the rows come to: the figures of the report. No I/O. */
import { type Cost, monthlyCost } from "./costs.ts";
import type { Rows } from "./queries.ts";

const MONTH_DAYS = 30;
const CRON_RUNS_A_MONTH = MONTH_DAYS * 96;

/** Where a value is found without asking Zoo. */
const WITHOUT_ZOO = ["memory", "kv", "object"];

interface Quantiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}
interface Counted {
  readonly name: string;
  readonly count: number;
}

export interface Summary {
  readonly days: number;
  readonly answers: number;
  /** Shares are between 0 and 1; null where there was nothing to divide by. */
  readonly share_without_zoo: number | null;
  readonly availability: number | null;
  readonly objective: number;
  readonly objective_met: boolean | null;
  readonly ms: Quantiles | null;
  readonly age_seconds: Quantiles | null;
  readonly stale_share: number | null;
  /** Why: the failures of calls to Zoo in the same time. */
  readonly zoo_failures: readonly Counted[];
  readonly zoo_calls: number;
  readonly zoo_ms: Quantiles | null;
  readonly errors: readonly Counted[];
  readonly refusals: readonly Counted[];
  readonly attestation: readonly Counted[];
  readonly callers: { readonly all: number; readonly failed: number; readonly stale: number };
  /** Points were sampled, so callers are at least so many. */
  readonly sampled: boolean;
  readonly month: Cost;
}

export function summarize(rows: Rows, days: number, objective: number): Summary {
  const answers = sum(rows.answers, (row) => row.answers);
  const good = rows.answers.filter(({ status }) => status === 200 || status === 304);
  const served = sum(good, (row) => row.answers);
  const withoutZoo = good.filter(({ cache }) => WITHOUT_ZOO.includes(cache));
  const failed = rows.answers.filter(({ status }) => status >= 500);
  const availability = ratio(answers - sum(failed, (row) => row.answers), answers);
  const [stale] = rows.stale;
  const calls = sum(rows.refreshes, (row) => row.calls);
  const asked = served - sum(withoutZoo, (row) => row.answers);
  const monthly = (count: number) => (count * MONTH_DAYS) / days;
  return {
    days,
    answers,
    share_without_zoo: ratio(served - asked, served),
    availability,
    objective,
    objective_met: availability === null ? null : availability >= objective,
    ms: served === 0 ? null : (rows.times[0] ?? null),
    age_seconds: served === 0 ? null : (rows.ages[0] ?? null),
    stale_share: ratio(stale?.answers ?? 0, served),
    zoo_failures: rows.refreshes
      .filter(({ failure }) => failure !== "")
      .map(({ failure, status, calls: count }) => ({
        name: status === 0 ? failure : `${failure} (status ${status})`,
        count,
      })),
    zoo_calls: calls,
    zoo_ms: calls === 0 ? null : (rows.refreshTimes[0] ?? null),
    errors: failed.map(({ status, code, answers: count }) => ({
      name: `${status} ${code}`,
      count,
    })),
    refusals: rows.refusals.map(({ code, reason, answers: count }) => ({
      name: reason === "" ? code : `${code}, ${reason}`,
      count,
    })),
    attestation: rows.attestation.map(({ result, answers: count }) => ({ name: result, count })),
    callers: {
      all: rows.callers[0]?.callers ?? 0,
      failed: rows.failedCallers[0]?.callers ?? 0,
      stale: stale?.callers ?? 0,
    },
    sampled: rows.callers.some(({ interval }) => interval > 1),
    month: monthlyCost(
      {
        requests: monthly(sum(rows.points, (row) => row.points)) + CRON_RUNS_A_MONTH,
        // A value that memory had not was looked up, with the key's record or the issuer's keys beside it.
        kvReads: monthly(
          2 *
            sum(
              good.filter(({ cache }) => cache !== "memory"),
              (row) => row.answers,
            ),
        ),
        kvWrites: monthly(calls),
        objectRequests: monthly(asked) + CRON_RUNS_A_MONTH,
        logLines: monthly(calls + sum(rows.refusals, (row) => row.answers)),
      },
      monthly(sum(rows.points, (row) => row.written)),
    ),
  };
}

function sum<Row>(rows: readonly Row[], of: (row: Row) => number): number {
  return rows.reduce((total, row) => total + of(row), 0);
}

const ratio = (part: number, whole: number) => (whole === 0 ? null : part / whole);
