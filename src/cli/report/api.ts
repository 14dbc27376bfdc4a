/** Analytics Engine's SQL API, and in plain words why it does not answer. */
import * as z from "zod/mini";
import type { Query } from "./queries.ts";

const TIMEOUT_MS = 30_000;
const QUOTED_CHARS = 300;
const STATUS_PAGE = "https://www.cloudflarestatus.com";

/** What to do, in words. */
export class Unanswered extends Error {}

export interface Api {
  readonly base: string;
  readonly token: string;
  readonly account: string;
}

/** Whose points, of which time; and from which age on a value is stale. */
export interface Asked {
  /** As in wrangler.toml. */
  readonly environment: string;
  readonly dataset: string;
  readonly days: number;
  readonly fresh: number;
}

/** @throws Unanswered */
export async function rowsOf<Row extends z.ZodMiniType>(
  api: Api,
  { sql, row }: Query<Row>,
  asked: Asked,
): Promise<z.infer<Row>[]> {
  const { dataset, days, fresh } = asked;
  const { status, text } = await ask(api, sql(dataset, days, fresh));
  if (status === 422) throw new Unanswered(await notUnderstood(api, text, asked));
  if (status !== 200) throw new Unanswered(refusal(status, text));
  const answer = z.object({ data: z.array(row) }).safeParse(parsed(text)).data;
  if (answer !== undefined) return answer.data;
  throw new Unanswered(
    `This is not the answer of Analytics Engine: ${quoted(text)}. Is there a proxy in between?`,
  );
}

async function ask(api: Api, sql: string): Promise<{ status: number; text: string }> {
  const url = `${api.base}/accounts/${api.account}/analytics_engine/sql`;
  const headers = { authorization: `Bearer ${api.token}` };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(url, { method: "POST", headers, body: sql, signal }).catch(() => {
    throw new Unanswered(`Cloudflare does not answer. Try again; ${STATUS_PAGE}`);
  });
  // A fault in the middle of the body, too.
  const text = await response.text().catch(() => {
    throw new Unanswered("Cloudflare's answer broke off. Try again.");
  });
  return { status: response.status, text };
}

/**
 * A table that is not there is refused like a mistake in the question, in words that may change: so it is
 * asked for a question in which nothing else could be wrong.
 */
async function notUnderstood(
  api: Api,
  text: string,
  { environment, dataset }: Asked,
): Promise<string> {
  const simplest = await ask(api, `SELECT timestamp FROM ${dataset} LIMIT 1 FORMAT JSON`);
  if (simplest.status !== 422) {
    return `Analytics Engine does not understand a question of this report, which is a fault of the report: ${quoted(text)}`;
  }
  return [
    `${environment}: no data yet. Analytics Engine makes the dataset ${dataset} of the first point, and every answer of the Worker is one.`,
    "Look in this order:",
    `  is it deployed?         npx wrangler deployments status --env ${environment}`,
    "  has anybody asked it?   npm run smoke -- https://…   (points can be read some minutes later)",
    "  is it this account?     CLOUDFLARE_ACCOUNT_ID",
    `  are points written?     wrangler.toml: binding METRICS with this dataset in [[env.${environment}.analytics_engine_datasets]]`,
  ].join("\n");
}

function refusal(status: number, text: string): string {
  if (status === 401) {
    return 'Cloudflare does not know the token (401): see that CLOUDFLARE_API_TOKEN is whole, and has not expired or been revoked. It needs the permission "Account Analytics: Read".';
  }
  if (status === 403) {
    return 'The token may not read analytics (403): it needs the permission "Account Analytics: Read", for the account in CLOUDFLARE_ACCOUNT_ID.';
  }
  if (status === 400 || status === 404) {
    return `There is no such account (${status}): see that CLOUDFLARE_ACCOUNT_ID is its id, 32 digits and letters, as the dashboard shows it.`;
  }
  if (status === 429) {
    return "Cloudflare has had too many questions from this account (429). Wait a few minutes, and run it again.";
  }
  if (status >= 500) {
    return `Cloudflare answered ${status}: a fault of its own. Try again; ${STATUS_PAGE}`;
  }
  return `Cloudflare answered ${status}, which this report does not know. ${quoted(text)}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** One line of what Cloudflare says, for whoever has to look further. */
const quoted = (text: string) => JSON.stringify(text.slice(0, QUOTED_CHARS));
