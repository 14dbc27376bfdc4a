/** What surrounds every request: its id, the common headers, the metric point and the line of a slow answer. */
import type { Middleware } from "../context.ts";
import { logLine } from "../lib/log.ts";
import { writeMetric } from "../lib/metrics.ts";
import { requestIdOf } from "../lib/request-id.ts";
import { ProblemError } from "../problem.ts";
import { SECURITY_HEADERS } from "./security-headers.ts";

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
