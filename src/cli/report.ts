/**
 * `npm run report -- --env production`: what an operator wants to know on a Monday, from Analytics Engine's
 * SQL API. It needs an API token; wrangler's login does not reach that API.
 */
import { parseArgs } from "node:util";
import type * as z from "zod/mini";
import { VARIABLES } from "../config/variables.ts";
import { at, readToml } from "./config/toml.ts";
import { type Api, type Asked, rowsOf, Unanswered } from "./report/api.ts";
import { QUERIES, type Query, type Rows } from "./report/queries.ts";
import { summarize } from "./report/summary.ts";
import { reportText } from "./report/write.ts";
import { configuration } from "./run-wrangler.ts";

const HELP = `Usage: npm run report -- --env production [--days 7] [--objective 99.9] [--json]

  CLOUDFLARE_API_TOKEN    with the permission "Account Analytics: Read"
  CLOUDFLARE_ACCOUNT_ID   the account`;

/** Arguments or variables that cannot be. */
class Misused extends Error {}

function apiOf(env: NodeJS.ProcessEnv): Api {
  const { CLOUDFLARE_API_TOKEN: token = "", CLOUDFLARE_ACCOUNT_ID: account = "" } = env;
  if (token === "" || account === "") {
    throw new Misused("CLOUDFLARE_API_TOKEN or CLOUDFLARE_ACCOUNT_ID is not set.");
  }
  const base = env.CLOUDFLARE_API_BASE_URL ?? "https://api.cloudflare.com/client/v4";
  return { base, token, account };
}

async function allRows(api: Api, asked: Asked): Promise<Rows> {
  const rows = <Row extends z.ZodMiniType>(query: Query<Row>) => rowsOf(api, query, asked);
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
  const read = readToml(configuration());
  const settings = read.ok ? at(read.toml.root, ["env", environment]) : undefined;
  const dataset = at(settings, ["analytics_engine_datasets", 0, "dataset"]);
  if (typeof dataset !== "string") {
    throw new Misused(`wrangler.toml has no dataset in [env.${environment}].`);
  }
  const fresh = Number(at(settings, ["vars", "FRESH_SECONDS"]) ?? VARIABLES.FRESH_SECONDS.default);
  return { dataset, fresh };
}

function wholeIn(text: string, least: number, most: number): number {
  const value = Number(text);
  if (!(value >= least && value <= most)) throw new Misused(`${text} is not ${least} to ${most}.`);
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
  const asked = { environment: values.env, dataset, days, fresh };
  const summary = summarize(await allRows(apiOf(process.env), asked), days, objective);
  console.log(values.json ? JSON.stringify(summary, null, 2) : reportText(summary, values.env));
}

try {
  await main();
} catch (error) {
  if (error instanceof Unanswered) {
    console.error(error.message);
    process.exitCode = 1;
  } else if (error instanceof Misused || error instanceof TypeError) {
    console.error(`${error.message}\n\n${HELP}`);
    process.exitCode = error instanceof Misused ? 1 : 2;
  } else {
    throw error;
  }
}
