/**
 * The fast path: answers a hit from this isolate's memory before Hono sees the request. It decides nothing
 * of its own: whatever takes more than memory it leaves to the app, which also fills that memory.
 */

import { allowsCaller } from "../callers/limit.ts";
import { VerifiedCache } from "../callers/verified-cache.ts";
import { type Config, parseConfig } from "../config/config.ts";
import { type IsolateState, isolateStateOf } from "../config/isolate-state.ts";
import type { Caller } from "../context.ts";
import type { Env } from "../env.ts";
import { writeMetric } from "../lib/metrics.ts";
import { requestIdOf } from "../lib/request-id.ts";
import { cacheDemand, NO_DEMAND } from "./cache-control.ts";
import { secondsSince } from "./cache-headers.ts";
import { recallFresh } from "./read.ts";
import { type Prepared, recallPrepared, respond, type Shown } from "./response.ts";

export const BALANCE_PATH = "/v1/balance";
export const STATUS_PATH = "/v1/balance/status";
const FROM_MEMORY = { store: "memory", forward: null } as const;

interface Hit {
  readonly prepared: Prepared;
  readonly shown: Shown;
  readonly caller: Caller;
  readonly config: Config;
  readonly state: IsolateState;
  readonly now: number;
}

/**
 * Awaits nothing but the caller's limit: each await costs a hit more than all of its own work.
 *
 * @param otherwise answers whatever takes more than memory
 */
export function fromMemory(
  request: Request,
  env: Env,
  otherwise: () => Response | Promise<Response>,
): Response | Promise<Response> {
  const hit = find(request, env);
  return hit === null ? otherwise() : answer(hit, request, env, otherwise);
}

function find({ method, url, headers }: Request, env: Env): Hit | null {
  const shown = method === "GET" ? shownAt(url) : null;
  if (shown === null) return null;
  const parsed = parseConfig(env);
  const authorization = headers.get("authorization");
  if (!parsed.ok || authorization === null) return null;
  const { config } = parsed;
  const state = isolateStateOf(config);
  const verified = state.of(VerifiedCache);
  const caller = verified.callerOf(authorization);
  if (caller === null || (shown === "balance" && caller.scope !== "balance:read")) return null;
  if (!isPlain(headers, config, verified)) return null;

  const now = Date.now();
  const cacheControl = headers.get("cache-control");
  const demand =
    cacheControl === null ? NO_DEMAND : cacheDemand(cacheControl, headers.has("if-none-match"));
  const record = recallFresh(caller.account, demand, config, state, now);
  const prepared = record && recallPrepared(record, null, shown, state);
  return prepared && { prepared, shown, caller, config, state, now };
}

async function answer(
  { prepared, shown, caller, config, state, now }: Hit,
  { headers }: Request,
  env: Env,
  otherwise: () => Response | Promise<Response>,
): Promise<Response> {
  if (!(await allowsCaller(caller, env, state))) return otherwise();
  const asked = {
    ifNoneMatch: headers.get("if-none-match"),
    requestId: requestIdOf(headers),
    retryAfter: null,
  };
  const response = respond(prepared, asked, now, FROM_MEMORY, config.FRESH_SECONDS);
  const point = {
    route: PATHS[shown],
    status: response.status,
    cache: "memory",
    account: caller.account,
    caller: caller.id,
    attestation: config.APP_CHECK && "ok",
    ms: 0,
    age: secondsSince(prepared.record.fetched_at, now),
  };
  writeMetric(env.METRICS, point, config.METRICS_SAMPLE);
  return response;
}

const PATHS = { balance: BALANCE_PATH, status: STATUS_PATH } as const;

/** What is asked for: the path of one of the views, and nothing after it. */
function shownAt(url: string): Shown | null {
  const shown = url.endsWith("s") ? "status" : "balance";
  const path = PATHS[shown];
  const start = url.length - path.length;
  return url.endsWith(path) && url.indexOf("/", "https://".length) === start ? shown : null;
}

/** Nothing that only the app knows how to answer: a web view, or an app to be attested first. */
function isPlain(headers: Headers, config: Config, verified: VerifiedCache): boolean {
  if (config.CORS_ORIGINS.length > 0) return false;
  if (config.APP_CHECK === undefined) return true;
  const token = headers.get("x-firebase-appcheck");
  return token !== null && verified.isAttested(token);
}
