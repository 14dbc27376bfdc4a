/** `GET /v1/balance` and `/v1/balance/status` in full; `fast-path.ts` answers what memory alone can. */
import type { TypedResponse } from "hono";
import type { AppContext } from "../context.ts";
import { ProblemError } from "../problem.ts";
import { cacheDemand } from "./cache-control.ts";
import { secondsSince } from "./cache-headers.ts";
import { readBalance } from "./read.ts";
import { BalanceReadAhead } from "./read-ahead.ts";
import { readingOf } from "./reading.ts";
import { prepare, respond, type Shown } from "./response.ts";
import type { StatusView, View } from "./view.ts";

/** @throws ProblemError `insufficient_scope` for a caller with `balance:status` alone */
export async function answerBalance(
  c: AppContext,
): Promise<Response & TypedResponse<View, 200, "json">> {
  if (c.var.caller.scope !== "balance:read") {
    throw new ProblemError("insufficient_scope", "status_only");
  }
  return (await answer(c, "balance")) as Response & TypedResponse<View, 200, "json">;
}

/** For either scope. */
export async function answerStatus(
  c: AppContext,
): Promise<Response & TypedResponse<StatusView, 200, "json">> {
  return (await answer(c, "status")) as Response & TypedResponse<StatusView, 200, "json">;
}

async function answer(c: AppContext, shown: Shown): Promise<Response> {
  const { config, state, caller, requestId } = c.var;
  const { headers } = c.req.raw;
  const ifNoneMatch = headers.get("if-none-match");
  const demand = cacheDemand(headers.get("cache-control"), ifNoneMatch !== null);
  const ahead = c.var.readAhead;
  const request = {
    account: caller.account,
    demand,
    requestId,
    readAhead: ahead instanceof BalanceReadAhead ? ahead.storedOf(caller.account) : undefined,
  };
  const read = await readBalance(request, readingOf(c));
  if (!read.found) {
    const { reason, failures, retryAfter } = read;
    throw new ProblemError(
      reason,
      undefined,
      retryAfter === null ? {} : { "retry-after": String(retryAfter) },
      { failures },
    );
  }
  const { record, cache, now, retryAfter } = read;
  c.set("served", {
    cache: cache.forward ?? cache.store,
    age: secondsSince(record.fetched_at, now),
  });
  const prepared = await prepare(read, shown, config, state);
  const asked = { ifNoneMatch, requestId, retryAfter };
  return respond(prepared, asked, now, cache, config.FRESH_SECONDS);
}
