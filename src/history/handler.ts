/**
 * `GET /v1/balance/history`: from the isolate's memory while it is fresh, else from the account's Durable
 * Object, which alone has the points and says when nothing has changed.
 */
import type { TypedResponse } from "hono";
import { cacheDemand } from "../balance/cache-control.ts";
import { cacheHeaders, secondsSince } from "../balance/cache-headers.ts";
import { BalanceMemory } from "../balance/memory.ts";
import { accountObject } from "../balance/refresh.ts";
import type { AppContext } from "../context.ts";
import { callObject } from "../lib/durable-object.ts";
import { matches } from "../lib/etag.ts";
import { ExpiringMap } from "../lib/expiring-map.ts";
import { LogThrottle } from "../lib/log-throttle.ts";
import { ProblemError } from "../problem.ts";
import { MAX_DAYS } from "./retention.ts";
import { DEFAULT_DAYS } from "./store.ts";
import type { HistoryView } from "./view.ts";

export const HISTORY_PATH = "/v1/balance/history";

const OBJECT_DEADLINE_MS = 5_000;
/** How many answers an isolate remembers, of all accounts and numbers of days. */
const MAX_REMEMBERED = 32;

type HistoryResponse = Response & TypedResponse<HistoryView, 200, "json">;

interface Remembered {
  readonly etag: string;
  /** UTF-8. */
  readonly body: Uint8Array;
  /** When the object said last that this is how things stand, epoch milliseconds. */
  readonly validatedAt: number;
}

class RememberedCharts {
  /** By account and number of days. */
  readonly byQuestion = new ExpiringMap<Remembered>(MAX_REMEMBERED);
}

/** @throws ProblemError `insufficient_scope`, `invalid_parameter`, or `upstream_unavailable` without the object */
export async function answerHistory(c: AppContext): Promise<HistoryResponse> {
  const { config, caller, state } = c.var;
  const { account } = caller;
  if (caller.scope !== "balance:read") throw new ProblemError("insufficient_scope", "status_only");
  const days = daysOf(c.req.query("days"));
  const { byQuestion } = state.of(RememberedCharts);
  const question = `${account} ${days}`;
  const remembered = byQuestion.get(question) ?? null;
  const { headers } = c.req.raw;
  const ifNoneMatch = headers.get("if-none-match");
  const { maxAge } = cacheDemand(headers.get("cache-control"), ifNoneMatch !== null);
  const acceptedMs = Math.min(config.FRESH_SECONDS, maxAge ?? config.FRESH_SECONDS) * 1_000;
  // This isolate has seen a newer value since: a point may have come with it.
  const valueAt = state.of(BalanceMemory).get(account).record?.fetched_at ?? 0;
  const isFresh =
    remembered !== null &&
    valueAt <= remembered.validatedAt &&
    Date.now() - remembered.validatedAt < acceptedMs;
  if (isFresh) {
    return respond(remembered, ifNoneMatch, config.FRESH_SECONDS, "hit");
  }
  const chart = await validate(c, account, days, remembered);
  // An older one still says whether it holds, by its entity tag.
  byQuestion.set(question, chart, Number.POSITIVE_INFINITY);
  const forward = maxAge === null ? "stale" : "request";
  const how = remembered === null ? "fwd=uri-miss" : `fwd=${forward}`;
  return respond(chart, ifNoneMatch, config.FRESH_SECONDS, how);
}

function daysOf(text = `${DEFAULT_DAYS}`): number {
  const days = /^[1-9]\d{0,2}$/.test(text) ? Number(text) : MAX_DAYS + 1;
  if (days > MAX_DAYS) throw new ProblemError("invalid_parameter", "days");
  return days;
}

/** Asks the object, which sends a body only where it differs from what is remembered. */
async function validate(
  c: AppContext,
  account: string,
  days: number,
  remembered: Remembered | null,
): Promise<Remembered> {
  const upstream = c.var.config.accounts.get(account);
  if (upstream === undefined) throw new ProblemError("unknown_account", "not_in_accounts");
  const called = await callObject(
    () => accountObject(c.env, upstream).chart(account, days, remembered?.etag ?? null),
    { request_id: c.var.requestId, account },
    c.var.state.of(LogThrottle),
    OBJECT_DEADLINE_MS,
  );
  if (called === null) {
    throw new ProblemError("upstream_unavailable", "object_failed", { "retry-after": "5" });
  }
  const { etag, body } = called.answer;
  const validatedAt = Date.now();
  if (body === null && remembered !== null) return { ...remembered, validatedAt };
  return { etag, body: new TextEncoder().encode(body ?? ""), validatedAt };
}

function respond(
  { etag, body, validatedAt }: Remembered,
  ifNoneMatch: string | null,
  freshSeconds: number,
  how: string,
): HistoryResponse {
  const now = Date.now();
  const age = secondsSince(validatedAt, now);
  const detail = how === "hit" ? "memory" : "object";
  const cacheStatus = `${how}; ttl=${freshSeconds - age}; detail=${detail}`;
  const headers = new Headers(cacheHeaders(etag, age, freshSeconds, cacheStatus, now));
  const isNotModified = matches(ifNoneMatch, etag);
  if (!isNotModified) headers.set("content-type", "application/json");
  const response = isNotModified
    ? new Response(null, { status: 304, headers })
    : new Response(body, { headers });
  return response as HistoryResponse;
}
