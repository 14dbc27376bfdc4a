/**
 * `npm run report -- --env production`: what an operator wants to know on a Monday, from Analytics Engine's
 * SQL API. It needs an API token; wrangler's login does not reach that API.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as z from "zod/mini";
import { VARIABLES } from "../config/variables.ts";
import { at, readToml } from "./config/toml.ts";
import { QUERIES, type Query, type Rows } from "./report/queries.ts";
import { summarize } from "./report/summary.ts";
import { reportText } from "./report/write.ts";
import { ROOT } from "./run-wrangler.ts";

const HELP = `Usage: npm run report -- --env production [--days 7] [--objective 99.9] [--json]

  CLOUDFLARE_API_TOKEN    with the permission "Account Analytics: Read"
  CLOUDFLARE_ACCOUNT_ID   the account`;

const TIMEOUT_MS = 30_000;

/** What to do, in words. */
class Unanswered extends Error {}

interface Api {
  readonly base: string;
  readonly token: string;
  readonly account: string;
}

function apiOf(env: NodeJS.ProcessEnv): Api {
  const { CLOUDFLARE_API_TOKEN: token = "", CLOUDFLARE_ACCOUNT_ID: account = "" } = env;
  if (token === "" || account === "") {
    throw new Unanswered("CLOUDFLARE_API_TOKEN or CLOUDFLARE_ACCOUNT_ID is not set.");
  }
  const base = env.CLOUDFLARE_API_BASE_URL ?? "https://api.cloudflare.com/client/v4";
  return { base, token, account };
}

async function ask(api: Api, sql: string): Promise<unknown> {
  const url = `${api.base}/accounts/${api.account}/analytics_engine/sql`;
  const headers = { authorization: `Bearer ${api.token}` };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(url, { method: "POST", headers, body: sql, signal }).catch(() => {
    throw new Unanswered("Cloudflare does not answer. Try again; https://www.cloudflarestatus.com");
  });
  // A fault in the middle of the body, too.
  const text = await response.text().catch(() => {
    throw new Unanswered("Cloudflare's answer broke off. Try again.");
  });
  if (response.status === 401 || response.status === 403) {
    throw new Unanswered('The token may not read analytics: it needs "Account Analytics: Read".');
  }
  if (!response.ok) throw new Unanswered(`Cloudflare answered ${response.status}: ${text}`);
  return JSON.parse(text);
}

async function rowsOf<Row extends z.ZodMiniType>(
  api: Api,
  { sql, row }: Query<Row>,
  [dataset, days, fresh]: readonly [string, number, number],
): Promise<z.infer<Row>[]> {
  const answer = z.object({ data: z.array(row) });
  return answer.parse(await ask(api, sql(dataset, days, fresh))).data;
}

async function allRows(api: Api, where: readonly [string, number, number]): Promise<Rows> {
  const rows = <Row extends z.ZodMiniType>(query: Query<Row>) => rowsOf(api, query, where);
  const [answers, times, ages, stale, callers] = await Promise.all([
    rows(QUERIES.answers),
    rows(QUERIES.times),
    rows(QUERIES.ages),
    rows(QUERIES.stale),
    rows(QUERIES.callers),
  ]);
  const [failedCallers, refusals, attestation, refreshes, refreshTimes, points] = await Promise.all(
    [
      rows(QUERIES.failedCallers),
      rows(QUERIES.refusals),
      rows(QUERIES.attestation),
      rows(QUERIES.refreshes),
      rows(QUERIES.refreshTimes),
      rows(QUERIES.points),
    ],
  );
  const ofAnswers = { answers, times, ages, stale, callers, failedCallers };
  return { ...ofAnswers, refusals, attestation, refreshes, refreshTimes, points };
}

/** The dataset of an environment, and from which age on a value is stale there. */
function settingsOf(environment: string): { dataset: string; fresh: number } {
  const read = readToml(readFileSync(join(ROOT, "wrangler.toml"), "utf8"));
  const settings = read.ok ? at(read.toml.root, ["env", environment]) : undefined;
  const dataset = at(settings, ["analytics_engine_datasets", 0, "dataset"]);
  if (typeof dataset !== "string") {
    throw new Unanswered(`wrangler.toml has no dataset in [env.${environment}].`);
  }
  const fresh = Number(at(settings, ["vars", "FRESH_SECONDS"]) ?? VARIABLES.FRESH_SECONDS.default);
  return { dataset, fresh };
}

function wholeIn(text: string, least: number, most: number): number {
  const value = Number(text);
  if (!(value >= least && value <= most))
    throw new Unanswered(`${text} is not ${least} to ${most}.`);
  return value;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      env: { type: "string", default: "production" },
      days: { type: "string", default: "7" },
      objective: { type: "string", default: "99.9" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(HELP);
  // Analytics Engine keeps three months.
  const days = Math.round(wholeIn(values.days, 1, 90));
  const objective = wholeIn(values.objective, 0, 100) / 100;
  const { dataset, fresh } = settingsOf(values.env);
  const summary = summarize(
    await allRows(apiOf(process.env), [dataset, days, fresh]),
    days,
    objective,
  );
  console.log(values.json ? JSON.stringify(summary, null, 2) : reportText(summary, values.env));
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Unanswered || error instanceof TypeError)) throw error;
  console.error(`${error.message}\n\n${HELP}`);
  process.exitCode = error instanceof Unanswered ? 1 : 2;
}
