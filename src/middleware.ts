/** What every request passes: request id, log and metric, security headers, configuration, errors. */
import { parseConfig } from "./config.ts";
import type { AppContext, Middleware } from "./context.ts";
import { SECURITY_HEADERS } from "./headers.ts";
import { logLine, requestIdOf, writeMetric } from "./observe.ts";
import { ProblemError, problemResponse } from "./problem.ts";

/** An answer slower than this is logged: the caller was waiting for Zoo or for the platform. */
const SLOW_MS = 1_000;

/** Names the request, then, when it is answered, adds the common headers and writes line and metric. */
export const observe: Middleware = async function observe(c, next) {
  const started = Date.now();
  const requestId = requestIdOf(c.req.raw.headers);
  c.set("started", started);
  c.set("requestId", requestId);
  await next();
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) c.res.headers.set(name, value);
  c.res.headers.set("x-request-id", requestId);
  const ms = Date.now() - started;
  const problem = c.error instanceof ProblemError ? c.error : undefined;
  const code = c.error && (problem?.code ?? "internal");
  const route = c.req.routePath;
  const { caller, served, attestation } = c.var;
  const account = caller?.account;
  if (code === undefined && ms >= SLOW_MS) {
    logLine("warn", "slow", { request_id: requestId, route, account, caller: caller?.id, ms });
  }
  writeMetric(c.env.METRICS, {
    route,
    status: c.res.status,
    code,
    cache: served?.cache,
    account,
    reason: problem?.reason,
    attestation,
    ms,
    age: served?.age,
  });
};

/** Parses the environment, once; a bad one answers `misconfigured` to everything. */
export const configure: Middleware = async function configure(c, next) {
  const parsed = parseConfig(c.env);
  if (!parsed.ok) {
    logLine("error", "misconfigured", {
      request_id: c.var.requestId,
      problems: parsed.problems,
    });
    throw new ProblemError("misconfigured");
  }
  c.set("config", parsed.config);
  await next();
};

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
  if (event !== null && !error.quiet) logLine(event === "failed" ? "error" : "warn", event, facts);
  return problemResponse(error.code, requestId, error.headers);
}

/** A fault of the caller's that the operator may want to know of, of something that the Worker rests on, or neither. */
function eventOf({ status }: ProblemError): "denied" | "failed" | null {
  if (status === 401 || status === 403 || status === 429) return "denied";
  return status > 500 ? "failed" : null;
}
