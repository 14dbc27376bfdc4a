/**
 * The questions that the report asks of Analytics Engine. A point may stand for several (it is sampled when
 * they come fast, and METRICS_SAMPLE samples cached hits), so everything is weighted.
 */
import * as z from "zod/mini";

/** Where `src/lib/metrics.ts` writes what. */
export const COLUMNS = {
  route: "blob1",
  code: "blob2",
  cache: "blob3",
  account: "blob4",
  reason: "blob5",
  attestation: "blob6",
  version: "blob7",
  caller: "blob8",
  status: "double1",
  ms: "double2",
  age: "double3",
  weight: "double4",
} as const;

const { route, code, cache, reason, attestation, caller, status, ms, age, weight } = COLUMNS;
/** Analytics Engine's own interval, and METRICS_SAMPLE; versions before it wrote no weight, which reads as 0. */
const WEIGHT = `toUInt32(_sample_interval * if(${weight} > 0, ${weight}, 1))`;

/** The routes that answer callers. */
const API = `${route} IN ('/v1/balance', '/v1/balance/status', '/v1/balance/history')`;
const GOOD = `${status} IN (200, 304)`;

/** ClickHouse writes 64-bit integers as texts. */
const count = z.pipe(z.union([z.number(), z.string(), z.null()]), z.transform(Number));
const text = z.string();

/** A question, and the form of its rows. */
export interface Query<Row extends z.ZodMiniType> {
  readonly sql: (dataset: string, days: number, freshSeconds: number) => string;
  readonly row: Row;
}
function query<Row extends z.ZodMiniType>(
  row: Row,
  select: string,
  where: string | ((freshSeconds: number) => string),
  more = "",
): Query<Row> {
  return {
    row,
    sql(dataset, days, freshSeconds) {
      const condition = typeof where === "string" ? where : where(freshSeconds);
      const since = `timestamp > NOW() - INTERVAL '${days}' DAY`;
      return `SELECT ${select} FROM ${dataset} WHERE ${since} AND ${condition} ${more} FORMAT JSON`;
    },
  };
}

const quantiles = (column: string) =>
  [
    ["p50", 0.5],
    ["p95", 0.95],
    ["p99", 0.99],
  ]
    .map(([name, q]) => `quantileExactWeighted(${q})(${column}, ${WEIGHT}) AS ${name}`)
    .join(", ");
const quantileRow = z.object({ p50: count, p95: count, p99: count });

export const QUERIES = {
  /** Answers of the API by status and by where the value was found. */
  answers: query(
    z.object({ status: count, code: text, cache: text, answers: count }),
    `${status} AS status, ${code} AS code, ${cache} AS cache, SUM(${WEIGHT}) AS answers`,
    API,
    "GROUP BY status, code, cache",
  ),
  times: query(quantileRow, quantiles(ms), `${API} AND ${GOOD}`),
  ages: query(quantileRow, quantiles(age), `${API} AND ${GOOD} AND ${age} >= 0`),
  /** Values answered that were older than they should be, and to how many callers. */
  stale: query(
    z.object({ answers: count, callers: count }),
    `SUM(${WEIGHT}) AS answers, COUNT(DISTINCT ${caller}) AS callers`,
    (fresh) => `${API} AND ${GOOD} AND ${age} > ${fresh}`,
  ),
  callers: query(
    z.object({ callers: count, interval: count }),
    `COUNT(DISTINCT ${caller}) AS callers, MAX(${WEIGHT}) AS interval`,
    `${API} AND ${caller} != ''`,
  ),
  failedCallers: query(
    z.object({ callers: count }),
    `COUNT(DISTINCT ${caller}) AS callers`,
    `${API} AND ${caller} != '' AND ${status} >= 500`,
  ),
  refusals: query(
    z.object({ code: text, reason: text, answers: count }),
    `${code} AS code, ${reason} AS reason, SUM(${WEIGHT}) AS answers`,
    `${API} AND ${status} IN (401, 403, 429)`,
    "GROUP BY code, reason ORDER BY answers DESC",
  ),
  attestation: query(
    z.object({ result: text, answers: count }),
    `${attestation} AS result, SUM(${WEIGHT}) AS answers`,
    `${attestation} != ''`,
    "GROUP BY result ORDER BY answers DESC",
  ),
  /** Calls to Zoo by their outcome. */
  refreshes: query(
    z.object({ failure: text, status: count, calls: count }),
    `${code} AS failure, ${status} AS status, SUM(${WEIGHT}) AS calls`,
    `${route} = 'refresh'`,
    "GROUP BY failure, status ORDER BY calls DESC",
  ),
  refreshTimes: query(quantileRow, quantiles(ms), `${route} = 'refresh'`),
  /** Everything that was counted, /health and the page included, and how many points that took. */
  points: query(
    z.object({ points: count, written: count }),
    `SUM(${WEIGHT}) AS points, SUM(_sample_interval) AS written`,
    `${route} != 'refresh'`,
  ),
} as const;

export type Rows = {
  readonly [Name in keyof typeof QUERIES]: readonly z.infer<(typeof QUERIES)[Name]["row"]>[];
};
