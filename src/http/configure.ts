/** Parses the configuration before anything else: handlers only ever see a valid one. */
import { parseConfig } from "../config/config.ts";
import { isolateStateOf } from "../config/isolate-state.ts";
import type { Middleware } from "../context.ts";
import { LogThrottle } from "../lib/log-throttle.ts";
import { ProblemError } from "../problem.ts";

/** Parsed once per isolate; while it is invalid, every request gets `misconfigured`. */
export const configure: Middleware = async function configure(c, next) {
  const parsed = parseConfig(c.env);
  if (!parsed.ok) {
    const { problems } = parsed;
    const state = isolateStateOf(parsed);
    c.set("state", state);
    // Everybody gets this answer, so the line is not per sender.
    state.of(LogThrottle).log("error", "misconfigured", { request_id: c.var.requestId, problems });
    throw new ProblemError("misconfigured");
  }
  c.set("config", parsed.config);
  c.set("state", isolateStateOf(parsed.config));
  await next();
};
