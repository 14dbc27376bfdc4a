/** `GET /v1/balance` in full; `fast-path.ts` answers what the isolate's memory alone can. */
import type { TypedResponse } from "hono";
import type { AppContext } from "../context.ts";
import { ProblemError } from "../problem.ts";
import { requestedMaxAge } from "./freshness.ts";
import { readBalance } from "./read.ts";
import { ageSeconds, prepare, respond } from "./response.ts";
import type { StatusView, View } from "./view.ts";

/** What a 200 holds, for clients that are typed by {@link "../app.ts"}. */
type BalanceResponse = Response & TypedResponse<View | StatusView, 200, "json">;

export async function answerBalance(c: AppContext): Promise<BalanceResponse> {
  const { config, state, caller, requestId } = c.var;
  const { headers } = c.req.raw;
  const maxAge = requestedMaxAge(headers.get("cache-control"));
  const request = { account: caller.account, maxAge, requestId };
  const waitUntil = (work: Promise<unknown>) => c.executionCtx.waitUntil(work);
  const read = await readBalance(request, { config, state, env: c.env, waitUntil });
  if (!read.found) {
    const retryAfter = { "retry-after": String(read.retryAfter) };
    throw new ProblemError(read.reason, undefined, retryAfter);
  }
  const { record, cache, now } = read;
  c.set("served", { cache: cache.forward ?? cache.store, age: ageSeconds(record, now) });
  const prepared = await prepare(read, caller.scope, config, state);
  const asked = { ifNoneMatch: headers.get("if-none-match"), requestId };
  return respond(prepared, asked, now, cache, config.FRESH_SECONDS) as BalanceResponse;
}
