/**
 * The fast path: answers a hit from this isolate's memory before Hono sees the request. It decides nothing
 * of its own: whatever takes more than memory it leaves to the app, which also fills that memory.
 */

import { allowsCaller } from "../callers/limit.ts";
import { VerifiedCache } from "../callers/verified-cache.ts";
import { type Config, parseConfig } from "../config/config.ts";
import { isolateStateOf } from "../config/isolate-state.ts";
import type { Caller } from "../context.ts";
import type { Env } from "../env.ts";
import { writeMetric } from "../lib/metrics.ts";
import { requestIdOf } from "../lib/request-id.ts";
import { requestedMaxAge } from "./freshness.ts";
import { recallFresh } from "./read.ts";
import { ageSeconds, type Prepared, recallPrepared, respond } from "./response.ts";

export const BALANCE_PATH = "/v1/balance";
const FROM_MEMORY = { store: "memory", forward: null } as const;

interface Hit {
  readonly prepared: Prepared;
  readonly caller: Caller;
  readonly config: Config;
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
  if (method !== "GET" || !isBalance(url)) return null;
  const parsed = parseConfig(env);
  const authorization = headers.get("authorization");
  if (!parsed.ok || authorization === null) return null;
  const { config } = parsed;
  const state = isolateStateOf(config);
  const verified = state.of(VerifiedCache);
  const caller = verified.callerOf(authorization);
  if (caller === null || !isPlain(headers, config, verified)) return null;

  const now = Date.now();
  const maxAge = requestedMaxAge(headers.get("cache-control"));
  const record = recallFresh(caller.account, maxAge, config, state, now);
  const prepared = record && recallPrepared(record, null, caller.scope, state);
  return prepared && { prepared, caller, config, now };
}

async function answer(
  { prepared, caller, config, now }: Hit,
  { headers }: Request,
  env: Env,
  otherwise: () => Response | Promise<Response>,
): Promise<Response> {
  if (!(await allowsCaller(env, caller))) return otherwise();
  const asked = { ifNoneMatch: headers.get("if-none-match"), requestId: requestIdOf(headers) };
  const response = respond(prepared, asked, now, FROM_MEMORY, config.FRESH_SECONDS);
  writeMetric(env.METRICS, {
    route: BALANCE_PATH,
    status: response.status,
    cache: "memory",
    account: caller.account,
    attestation: config.APP_CHECK && "ok",
    ms: 0,
    age: ageSeconds(prepared.record, now),
  });
  return response;
}

/** The path and nothing after it. */
function isBalance(url: string): boolean {
  return (
    url.endsWith(BALANCE_PATH) &&
    url.indexOf("/", "https://".length) === url.length - BALANCE_PATH.length
  );
}

/** Nothing that only the app knows how to answer: a web view, or an app to be attested first. */
function isPlain(headers: Headers, config: Config, verified: VerifiedCache): boolean {
  if (config.CORS_ORIGINS.length > 0) return false;
  if (config.APP_CHECK === undefined) return true;
  const token = headers.get("x-firebase-appcheck");
  return token !== null && verified.isAttested(token);
}
