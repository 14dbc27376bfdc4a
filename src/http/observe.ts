/** Outermost middleware: request id, common headers, metric point, and a log line for slow responses. */
import type { Middleware } from "../context.ts";
import { LogThrottle } from "../lib/log-throttle.ts";
import { writeMetric } from "../lib/metrics.ts";
import { requestIdOf } from "../lib/request-id.ts";
import { ProblemError } from "../problem.ts";
import { SECURITY_HEADERS } from "./security-headers.ts";

/** A slower response is logged: the caller waited for Zoo or the platform. */
const SLOW_MS = 1_000;

/** Assigns the request id; after the response is made, adds the headers and writes metric and log line. */
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
    const facts = { request_id: requestId, route, account, caller: caller?.id, ms };
    c.var.state.of(LogThrottle).log("warn", "slow", facts, caller?.id);
  }
  const point = {
    route,
    status: c.res.status,
    code,
    cache: served?.cache,
    account,
    caller: caller?.id,
    reason: problem?.reason,
    attestation,
    ms,
    age: served?.age,
  };
  // A hit like those of the fast path, of which there may be very many.
  const isHit = served?.cache === "memory" && code === undefined;
  writeMetric(c.env.METRICS, point, isHit ? c.var.config.METRICS_SAMPLE : 1);
};
