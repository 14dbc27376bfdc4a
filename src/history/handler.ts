/** `GET /v1/balance/history`: asks the account's Durable Object, which alone has it. */
import type { TypedResponse } from "hono";
import { accountObject } from "../balance/refresh.ts";
import type { AppContext } from "../context.ts";
import { callObject } from "../lib/durable-object.ts";
import { matches, weakEtag } from "../lib/etag.ts";
import { ProblemError } from "../problem.ts";
import { DEFAULT_DAYS, type HistoryExcerpt, MAX_DAYS } from "./store.ts";
import { type HistoryView, toHistoryView } from "./view.ts";

export const HISTORY_PATH = "/v1/balance/history";

const OBJECT_DEADLINE_MS = 5_000;

type HistoryResponse = Response & TypedResponse<HistoryView, 200, "json">;

/** @throws ProblemError `insufficient_scope`, `invalid_parameter`, or `upstream_unavailable` without the object */
export async function answerHistory(c: AppContext): Promise<HistoryResponse> {
  const { config, caller } = c.var;
  const { account } = caller;
  if (caller.scope !== "balance:read") throw new ProblemError("insufficient_scope", "status_only");
  const view = toHistoryView(account, await excerptOf(c, account, daysOf(c.req.query("days"))));
  // Of what is known, not of the moment of the question: the forecast moves with every second.
  const { from: _, to: __, lasts_until: ___, spend_per_day: ____, ...lasting } = view;
  const etag = await weakEtag(lasting);
  const headers = {
    "content-type": "application/json",
    etag,
    "cache-control": `private, max-age=${config.FRESH_SECONDS}`,
    vary: "Authorization",
    date: new Date().toUTCString(),
  };
  const response = matches(c.req.raw.headers.get("if-none-match"), etag)
    ? new Response(null, { status: 304, headers })
    : new Response(JSON.stringify(view), { headers });
  return response as HistoryResponse;
}

function daysOf(text = `${DEFAULT_DAYS}`): number {
  const days = /^[1-9]\d{0,2}$/.test(text) ? Number(text) : MAX_DAYS + 1;
  if (days > MAX_DAYS) throw new ProblemError("invalid_parameter", "days");
  return days;
}

async function excerptOf(c: AppContext, account: string, days: number): Promise<HistoryExcerpt> {
  const upstream = c.var.config.accounts.get(account);
  if (upstream === undefined) throw new ProblemError("unknown_account", "not_in_accounts");
  const called = await callObject(
    () => accountObject(c.env, upstream).history(account, days),
    { request_id: c.var.requestId, account },
    OBJECT_DEADLINE_MS,
  );
  if (called !== null) return called.answer;
  throw new ProblemError("upstream_unavailable", "object_failed", { "retry-after": "5" });
}
