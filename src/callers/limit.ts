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
import { nameOf } from "../lib/log.ts";
import { LogThrottle } from "../lib/log-throttle.ts";
import { ProblemError } from "../problem.ts";

/** How long an address found over its limit stays so before Cloudflare is asked to count it again. */
const OVER_LIMIT_MS = 10_000;
/** Seconds: the longest period `wrangler.toml` can give a limit, so the window has passed by then. */
const RETRY_AFTER = { "retry-after": "60" };
const MAX_SENDERS = 1_000;

/** Addresses that were over FAILURE_LIMIT within the last {@link OVER_LIMIT_MS}. */
class FailureThrottle {
  readonly overLimit = new ExpiringMap<true>(MAX_SENDERS);
}

/** Counts the caller's request, before anything is decided about it. @throws ProblemError `rate_limited` */
export const limitCaller: Middleware = async function limitCaller(c, next) {
  if (!(await allowsCaller(c.var.identity, c.env, c.var.state))) {
    throw new ProblemError("rate_limited", "caller_limit", RETRY_AFTER);
  }
  await next();
};

/** Counts a request of the caller. @returns whether it is within the limit */
export function allowsCaller(
  { id }: Pick<Caller, "id">,
  env: Env,
  state: IsolateState,
): Promise<boolean> {
  return isWithin(env.CALLER_LIMIT, id, state);
}

/** Whether the address was over its failure limit a moment ago. */
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
  if (await isWithin(env.FAILURE_LIMIT, address, state)) return false;
  state.of(FailureThrottle).overLimit.set(address, true, Date.now() + OVER_LIMIT_MS);
  return true;
}

async function isWithin(
  limiter: RateLimit | undefined,
  key: string,
  state: IsolateState,
): Promise<boolean> {
  try {
    return limiter === undefined || (await limiter.limit({ key })).success;
  } catch (error) {
    state.of(LogThrottle).log("warn", "limiter_failed", { error: nameOf(error) });
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
