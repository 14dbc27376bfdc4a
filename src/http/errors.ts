/** Every error as problem details (RFC 9457), and as one log line. */
import type { AppContext } from "../context.ts";
import { logLine } from "../lib/log.ts";
import { ProblemError, problemResponse } from "../problem.ts";

/** 405 with `Allow` (RFC 9110, section 15.5.6) for the methods that a path does not take. */
export function allowOnly(allow: string) {
  return () => {
    throw new ProblemError("method_not_allowed", undefined, { allow });
  };
}

/** Turns whatever was thrown into problem details; what was not meant to be thrown is `internal`. */
export function onError(error: Error, c: AppContext): Response {
  const { requestId, started, caller } = c.var;
  if (!(error instanceof ProblemError)) {
    logLine("error", "internal", { request_id: requestId, error: error.name });
    return problemResponse("internal", requestId);
  }
  const facts = {
    request_id: requestId,
    route: c.req.routePath,
    code: error.code,
    reason: error.reason,
    issuer: error.issuer,
    ms: Date.now() - started,
    account: caller?.account,
    caller: caller?.id,
  };
  const event = eventOf(error);
  if (event !== null && !error.suppressLog)
    logLine(event === "failed" ? "error" : "warn", event, facts);
  return problemResponse(error.code, requestId, error.headers);
}

/** A fault of the caller's that the operator may want to know of, of something that the Worker rests on, or neither. */
function eventOf({ status, code }: ProblemError): "denied" | "failed" | null {
  if (status === 401 || status === 403 || status === 429) return "denied";
  // What `only-if-cached` asked for is no failure.
  return status > 500 && code !== "not_cached" ? "failed" : null;
}
