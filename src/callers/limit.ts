/**
 * Rate limits: requests per caller, failed authentications per address.
 *
 * Cloudflare does the counting, per location. When it fails, the limits fail open: they protect against
 * waste, not against intrusion.
 */
import type { IsolateState } from "../config/isolate-state.ts";
import type { Caller, Middleware } from "../context.ts";
import type { Env } from "../env.ts";
import { ExpiringMap } from "../lib/expiring-map.ts";
import { logLine, nameOf } from "../lib/log.ts";
import { ProblemError } from "../problem.ts";

/** How long an address found over its limit stays so before Cloudflare is asked to count it again. */
const OVER_LIMIT_MS = 10_000;
/** One line per sender and reason in this time. */
const LOG_INTERVAL_MS = 10_000;
/** Seconds: the longest period `wrangler.toml` can give a limit, so the window has passed by then. */
const RETRY_AFTER = { "retry-after": "60" };
const MAX_SENDERS = 1_000;

/** Addresses that were over FAILURE_LIMIT within the last {@link OVER_LIMIT_MS}. */
class FailureThrottle {
  readonly overLimit = new ExpiringMap<true>(MAX_SENDERS);
}

/** Senders whose refusal was logged within the last {@link LOG_INTERVAL_MS}. */
class LogThrottle {
  readonly logged = new ExpiringMap<true>(MAX_SENDERS);
}

/** @throws ProblemError `rate_limited` */
export const limitCaller: Middleware = async function limitCaller(c, next) {
  const { caller, state } = c.var;
  if (!(await allowsCaller(c.env, caller))) {
    throw throttleLog(
      new ProblemError("rate_limited", "caller_limit", RETRY_AFTER),
      caller.id,
      state,
    );
  }
  await next();
};

/** Counts a request of the caller. @returns whether it is within the limit */
export function allowsCaller(env: Env, { account, id }: Caller): Promise<boolean> {
  return isWithin(env.CALLER_LIMIT, `${account} ${id}`);
}

/** For refusals that cost nothing and may come in a flood: one log line per sender and reason in a while. */
export function throttleLog(
  problem: ProblemError,
  sender: string,
  state: IsolateState,
): ProblemError {
  const { logged } = state.of(LogThrottle);
  const key = `${problem.reason} ${sender}`;
  problem.suppressLog = logged.get(key) === true;
  if (!problem.suppressLog) logged.set(key, true, Date.now() + LOG_INTERVAL_MS);
  return problem;
}

/** Whether the address was over its failure limit a moment ago: nothing is read or fetched for it. */
export function isOverFailureLimit(address: string, state: IsolateState): boolean {
  return state.of(FailureThrottle).overLimit.get(address) === true;
}

/** Counts a failed authentication. @returns whether the address is over its limit */
export async function countFailure(
  address: string,
  env: Env,
  state: IsolateState,
): Promise<boolean> {
  if (isOverFailureLimit(address, state)) return true;
  if (await isWithin(env.FAILURE_LIMIT, address)) return false;
  state.of(FailureThrottle).overLimit.set(address, true, Date.now() + OVER_LIMIT_MS);
  return true;
}

async function isWithin(limiter: RateLimit | undefined, key: string): Promise<boolean> {
  try {
    return limiter === undefined || (await limiter.limit({ key })).success;
  } catch (error) {
    logLine("warn", "limiter_failed", { error: nameOf(error) });
    return true;
  }
}

/** What counts as one address: an IPv4 address, or an IPv6 /64, within which a host picks freely. */
export function addressOf(headers: Headers): string {
  // Cloudflare sets this header on every request; a caller cannot.
  const address = headers.get("cf-connecting-ip") ?? "unknown";
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.split("::");
  const left = head.split(":").filter(Boolean);
  const right = tail?.split(":").filter(Boolean) ?? [];
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0");
  return [...left, ...zeros, ...right].slice(0, 4).join(":");
}
