/** The report as text. */
import type { Summary } from "./summary.ts";

const number = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const usd = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });
const percent = (share: number | null, digits = 1) =>
  share === null ? "-" : `${(share * 100).toFixed(digits)} %`;

type Quantiles = Summary["ms"];
const quantiles = (of: Quantiles, unit: string) =>
  of === null
    ? "-"
    : `half within ${number.format(of.p50)} ${unit}, 95 % within ${number.format(of.p95)}, 99 % within ${number.format(of.p99)}`;

const lines = (title: string, counted: Summary["errors"]) =>
  counted.length === 0
    ? []
    : [
        title,
        ...counted.map(({ name, count }) => `  ${number.format(count).padStart(12)}  ${name}`),
      ];

/** @param environment as in wrangler.toml */
export function reportText(summary: Summary, environment: string): string {
  const { days, answers, callers, sampled, month, availability, objective } = summary;
  if (answers === 0) {
    return `${environment}: no answers in the last ${days} days. Is this the right environment, and are points written (the binding METRICS)?`;
  }
  const least = sampled ? "at least " : "";
  const verdict = summary.objective_met === true ? "met" : "MISSED";
  return [
    `${environment}, last ${days} days`,
    `answers          ${number.format(answers)} to ${least}${number.format(callers.all)} callers`,
    `without Zoo      ${percent(summary.share_without_zoo)} of the good ones`,
    `availability     ${percent(availability, 3)}, objective ${percent(objective, 3)}: ${verdict}`,
    `time             ${quantiles(summary.ms, "ms")}`,
    `age              ${quantiles(summary.age_seconds, "s")}`,
    `stale            ${percent(summary.stale_share, 2)} of the good ones, to ${least}${number.format(callers.stale)} callers`,
    `failed           for ${least}${number.format(callers.failed)} callers`,
    `calls to Zoo     ${number.format(summary.zoo_calls)}; ${quantiles(summary.zoo_ms, "ms")}`,
    ...lines("failures of Zoo, which is why values were stale", summary.zoo_failures),
    ...lines("errors", summary.errors),
    ...lines("refusals", summary.refusals),
    ...lines("attestation", summary.attestation),
    `a month of this  about ${usd.format(month.usd)} on the paid plan, ${usd.format(month.pointsUsd)} more once points are billed; ${month.freePlanHolds ? "fits the free plan" : "too much for the free plan"}`,
  ].join("\n");
}
