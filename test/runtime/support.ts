import { env as bindings } from "cloudflare:workers";
import { vi } from "vitest";
import { type Balance, type BalanceRecord, balanceSchema } from "../../src/balance/record.ts";
import type { RefreshDemand } from "../../src/balance/refresh.ts";
import type { Lookup } from "../../src/callers/lookup.ts";
import { type Config, parseConfig } from "../../src/config/config.ts";
import type { IsolateState } from "../../src/config/isolate-state.ts";
import type { Env } from "../../src/env.ts";

/** The real bindings, as miniflare simulates them. */
export const env = bindings as unknown as Env;

/** A configuration that knows the account `name` beside `default`, or the test fails. */
export function configWith(name: string, variables: Record<string, unknown> = {}): Config {
  const ACCOUNTS = { [name]: { token: "ZOO_API_TOKEN", subject: "user" } };
  const parsed = parseConfig({ ...bindings, ACCOUNTS, ...variables });
  if (!parsed.ok) throw new Error(parsed.problems.join("; "));
  return parsed.config;
}

export function balanceOf(monthly = "1.00", available = "3.00"): Balance {
  return balanceSchema.parse({
    available,
    monthly: { remaining: monthly, allowance: null, units: null, refreshes_at: null },
    prepaid: { remaining: "2.00", units: null, cash: null },
    total_due: null,
    plan: null,
    updated_at: "2026-11-20T18:22:41Z",
  });
}

/** Of the accounts of {@link configWith}, and of the default one. */
export const SOURCE = "https://api.zoo.dev user ZOO_API_TOKEN";

export function recordOf(account: string, fetchedAt: number, monthly = "1.00"): BalanceRecord {
  return {
    v: 1,
    account,
    source: SOURCE,
    fetched_at: fetchedAt,
    balance: balanceOf(monthly),
    access: null,
    kept_until: 0,
  };
}

/** What an account's object is asked for by the cron, which waits for the end of it. */
export function demandOf(change: Partial<RefreshDemand> = {}): RefreshDemand {
  return {
    account: "default",
    maxAge: null,
    wait: "until_done",
    by: "cron",
    requestId: "test",
    ...change,
  };
}

/** How a credential is looked up for a caller who is not known yet. */
export function lookupOf(state: IsolateState, change: Partial<Lookup> = {}): Lookup {
  return {
    env,
    state,
    config: { HEDGE_MS: 0, OBJECT_LOCATION: undefined },
    waitUntil: () => undefined,
    sender: "192.0.2.1",
    cacheOnly: false,
    ...change,
  };
}

/** Moves the clock, which stands still in each test (`clock.ts`). */
export function later(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}
