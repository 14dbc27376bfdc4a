/** The cron trigger: history and alerts need no readers. Freshness and backoff hold here as for callers. */

import { parseConfig } from "../config/config.ts";
import type { Env } from "../env.ts";
import { logLine, nameOf } from "../lib/log.ts";

/** Refreshes each account's value where it is no longer fresh. Never throws. */
export async function refreshAll(env: Env): Promise<void> {
  const parsed = parseConfig(env);
  if (!parsed.ok) return logLine("error", "misconfigured", { problems: parsed.problems });
  const refreshes = [...parsed.config.accounts.keys()].map(async (account) => {
    const requestId = crypto.randomUUID();
    try {
      const demand = { account, maxAge: null, wait: "until_done" as const, requestId };
      await env.ACCOUNT_BALANCE.getByName(account).refresh(demand);
    } catch (error) {
      const facts = { request_id: requestId, account, error: nameOf(error) };
      logLine("error", "object_failed", facts);
    }
  });
  await Promise.all(refreshes);
}
