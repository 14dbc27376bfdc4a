/** Every error as problem details (RFC 9457), and as one log line. */
import { addressOf } from "../callers/limit.ts";
import type { AppContext } from "../context.ts";
import { LogThrottle } from "../lib/log-throttle.ts";
import { ProblemError, problemResponse } from "../problem.ts";

/** Handler for all other methods of a path: 405 with `Allow` (RFC 9110, section 15.5.6). */
export function allowOnly(allow: string) {
  return () => {
    throw new ProblemError("method_not_allowed", undefined, { allow });
  };
}

/** Turns whatever was thrown into problem details; anything but a ProblemError is a bug: `internal`. */
export function onError(error: Error, c: AppContext): Response {
  const { requestId, started, identity, caller, state } = c.var;
  const sender = identity?.id ?? addressOf(c.req.raw.headers);
  const throttle = state.of(LogThrottle);
  if (!(error instanceof ProblemError)) {
    throttle.log("error", "internal", { request_id: requestId, error: error.name }, sender);
    return problemResponse("internal", requestId);
  }
  const facts = {
    request_id: requestId,
    route: c.req.routePath,
    code: error.code,
    reason: error.reason,
    ...error.about,
    ms: Date.now() - started,
    account: caller?.account,
    caller: identity?.id,
  };
  const event = eventOf(error);
  if (event !== null) throttle.log(event === "failed" ? "error" : "warn", event, facts, sender);
  return problemResponse(error.code, requestId, error.headers);
}

/** `denied`: the caller was refused; `failed`: a dependency failed; null: not worth a line. */
function eventOf({ status, code }: ProblemError): "denied" | "failed" | null {
  if (status === 401 || status === 403 || status === 429) return "denied";
  // 504 is what `only-if-cached` asks for, not a failure.
  return status > 500 && code !== "not_cached" ? "failed" : null;
}
