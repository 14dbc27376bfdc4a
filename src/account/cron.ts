/** The cron trigger: keeps history and alerts current without traffic. Freshness and backoff hold as for callers. */
import { accountObject, type RefreshDemand } from "../balance/refresh.ts";
import { parseConfig } from "../config/config.ts";
import { isolateStateOf } from "../config/isolate-state.ts";
import type { Env } from "../env.ts";
import { callObject } from "../lib/durable-object.ts";
import { logLine } from "../lib/log.ts";
import { LogThrottle } from "../lib/log-throttle.ts";

/** Refreshes each account's value where it is no longer fresh. Never throws. */
export async function refreshAll(env: Env): Promise<void> {
  const parsed = parseConfig(env);
  if (!parsed.ok) return logLine("error", "misconfigured", { problems: parsed.problems });
  const log = isolateStateOf(parsed.config).of(LogThrottle);
  const refreshes = [...parsed.config.accounts.values()].map((upstream) => {
    const account = upstream.name;
    const requestId = crypto.randomUUID();
    const demand: RefreshDemand = {
      account,
      maxAge: null,
      wait: "until_done",
      by: "cron",
      requestId,
    };
    const facts = { request_id: requestId, account };
    return callObject(() => accountObject(env, upstream).refresh(demand), facts, log);
  });
  await Promise.all(refreshes);
}
