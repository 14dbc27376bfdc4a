/** What a run was like, for people and for the comparison of the two worlds. */
import { quantile } from "simple-statistics";
import type { Counts } from "./edge.ts";
import type { Scenario } from "./scenarios.ts";
import type { Answer } from "./visitors.ts";

export interface Outcome {
  readonly scenario: Scenario;
  readonly answers: readonly Answer[];
  readonly counts: Counts;
  /** What the machine needs for an answer that waits for nothing, milliseconds; none in virtual time. */
  readonly machineMs: number;
}

export interface Report {
  readonly scenario: string;
  readonly requests: number;
  /** Neither 200 nor 304. */
  readonly failed: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** Seconds. */
  readonly ageP50: number;
  readonly ageP95: number;
  /** Of all answers, that had to wait for Zoo: without having asked for it, and by `no-cache`. */
  readonly waitedShare: number;
  readonly forcedShare: number;
  /** Seconds from the purchase to the last answer that showed the amount before it; null without one. */
  readonly oldAmountSeconds: number | null;
  readonly counts: Counts;
  readonly machineMs: number;
}

export function reportOf({ scenario, answers, counts, machineMs }: Outcome): Report {
  const times = answers.map(({ ms }) => ms);
  const ages = answers.flatMap(({ age }) => age ?? []);
  const of = (list: readonly number[], share: number) =>
    list.length === 0 ? Number.NaN : quantile([...list], share);
  const share = (how: Answer["waited"]) =>
    answers.filter(({ waited }) => waited === how).length / Math.max(1, answers.length);
  const { purchaseAt } = scenario;
  const old = answers.filter(
    ({ at, shown }) => purchaseAt !== undefined && at > purchaseAt && shown === "before",
  );
  const last = old.reduce((latest, { at, ms }) => Math.max(latest, at + ms), purchaseAt ?? 0);
  return {
    scenario: scenario.name,
    requests: answers.length,
    failed: answers.filter(({ status }) => status !== 200 && status !== 304).length,
    p50: of(times, 0.5),
    p95: of(times, 0.95),
    p99: of(times, 0.99),
    ageP50: of(ages, 0.5),
    ageP95: of(ages, 0.95),
    waitedShare: share("unasked"),
    forcedShare: share("asked"),
    oldAmountSeconds: purchaseAt === undefined ? null : (last - purchaseAt) / 1_000,
    counts: { ...counts },
    machineMs,
  };
}

export const percent = (share: number) => Number((share * 100).toFixed(2));

export const rowOf = (report: Report): Readonly<Record<string, string | number>> => ({
  scenario: report.scenario,
  requests: report.requests,
  failed: report.failed,
  "p50 ms": Math.round(report.p50),
  "p95 ms": Math.round(report.p95),
  "p99 ms": Math.round(report.p99),
  "age p50 s": Math.round(report.ageP50),
  "age p95 s": Math.round(report.ageP95),
  "waited %": percent(report.waitedShare),
  "forced %": percent(report.forcedShare),
  Zoo: report.counts.zoo,
  "KV reads": report.counts.kvReads,
  "KV writes": report.counts.kvWrites,
  objects: report.counts.objects,
  "old amount s": report.oldAmountSeconds ?? "",
});
