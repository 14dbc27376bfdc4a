/**
 * Limits on what one caller may ask and on how often one address may fail.
 *
 * The counts are Cloudflare's, per location. When the platform fails to count, requests go on: the
 * limits protect against waste, not against intrusion.
 */

import type { Caller, Middleware } from "../context.ts";
import type { Env } from "../env.ts";
import { ExpiringMap } from "../lib/expiring-map.ts";
import { logLine, nameOf } from "../lib/log.ts";
import { ProblemError } from "../problem.ts";

/** How long an address over its limit gets no work done before it is counted again. */
const FAILING_MS = 10_000;
/** Seconds: the longest window that `wrangler.toml` can give a limit, so by then it is a new one. */
const RETRY_AFTER = { "retry-after": "60" };

const failing = new ExpiringMap<true>(1_000);
/** Whose refusals were logged a moment ago. */
const logged = new ExpiringMap<true>(1_000);

/** @throws ProblemError `rate_limited` */
export const limitCaller: Middleware = async function limitCaller(c, next) {
  const { id } = c.var.caller;
  if (!(await allowsCaller(c.env, c.var.caller))) {
    throw loggedOnce(new ProblemError("rate_limited", "caller_limit", RETRY_AFTER), id);
  }
  await next();
};

/** Counts a request of the caller. @returns whether it is within the limit */
export function allowsCaller(env: Env, { account, id }: Caller): Promise<boolean> {
  return allows(env.CALLER_LIMIT, `${account} ${id}`);
}

/** For refusals that cost nothing and may come without end: one line per sender in a while. */
export function loggedOnce(problem: ProblemError, sender: string): ProblemError {
  const key = `${problem.reason} ${sender}`;
  problem.quiet = logged.get(key) === true;
  if (!problem.quiet) logged.set(key, true, Date.now() + FAILING_MS);
  return problem;
}

/** Whether the address was over its limit a moment ago: then nothing is read or fetched for it. */
export function isFailing(address: string): boolean {
  return failing.get(address) === true;
}

/** Counts a failed authentication. @returns whether the address is over its limit */
export async function countFailure(address: string, env: Env): Promise<boolean> {
  if (isFailing(address)) return true;
  if (await allows(env.FAILURE_LIMIT, address)) return false;
  failing.set(address, true, Date.now() + FAILING_MS);
  return true;
}

async function allows(limiter: RateLimit | undefined, key: string): Promise<boolean> {
  try {
    return limiter === undefined || (await limiter.limit({ key })).success;
  } catch (error) {
    logLine("warn", "limiter_failed", { error: nameOf(error) });
    return true;
  }
}

/** What counts as one address: an IPv4 address, or the /64 that an IPv6 host chooses freely in. */
export function addressOf(headers: Headers): string {
  // Cloudflare sets it on every request and callers cannot.
  const address = headers.get("cf-connecting-ip") ?? "unknown";
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.split("::");
  const left = head.split(":").filter(Boolean);
  const right = tail?.split(":").filter(Boolean) ?? [];
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0");
  return [...left, ...zeros, ...right].slice(0, 4).join(":");
}
