/** Parses the configuration at the door: only the parsed one goes on. */
import { parseConfig } from "../config/config.ts";
import { isolateStateOf } from "../config/isolate-state.ts";
import type { Middleware } from "../context.ts";
import { logLine } from "../lib/log.ts";
import { ProblemError } from "../problem.ts";

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
  c.set("state", isolateStateOf(parsed.config));
  await next();
};
