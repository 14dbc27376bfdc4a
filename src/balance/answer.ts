/** `GET /v1/balance`: the view as an HTTP answer, conditional requests and cache headers included. */
import type { AppContext } from "../context.ts";
import { sha256Hex } from "../digest.ts";
import { ProblemError } from "../problem.ts";
import { requestedMaxAge } from "./freshness.ts";
import { type CacheFacts, type Found, readBalance } from "./read.ts";
import { type StatusView, toStatusView, toView, type View } from "./view.ts";

export async function answerBalance(c: AppContext): Promise<Response> {
  const { config, caller, requestId } = c.var;
  const maxAge = requestedMaxAge(c.req.header("cache-control"));
  const request = { account: caller.account, maxAge, requestId };
  const read = await readBalance(request, config, c.env, (work) => c.executionCtx.waitUntil(work));
  if (!read.found) {
    const retryAfter = { "retry-after": String(read.retryAfter) };
    throw new ProblemError(read.reason, undefined, retryAfter);
  }
  const whole = toView(read, config);
  const view = caller.scope === "balance:read" ? whole : toStatusView(whole);
  const age = ageSeconds(read);
  c.set("served", { cache: read.cache.forward ?? read.cache.source, age });
  const ttl = Math.floor((read.record.fetched_at - read.now) / 1_000) + config.FRESH_SECONDS;
  const etag = await etagOf(view);
  const headers = {
    "content-type": "application/json",
    etag,
    "cache-control": `private, max-age=${Math.max(0, ttl)}`,
    vary: "Authorization",
    // Stated, not left to the platform: `as_of` is Date minus Age, also on a 304.
    date: new Date(read.now).toUTCString(),
    age: String(age),
    "cache-status": cacheStatus(read.cache, ttl),
  };
  if (matches(c.req.header("if-none-match"), etag)) {
    return new Response(null, { status: 304, headers });
  }
  return new Response(JSON.stringify(view), { headers });
}

/** Whole seconds between whole seconds, so that Date minus Age is `as_of` to the second. */
function ageSeconds({ now, record }: Found): number {
  return Math.max(0, Math.floor(now / 1_000) - Math.floor(record.fetched_at / 1_000));
}

/** RFC 9211: a hit names its source, a forwarded request why it was. */
function cacheStatus({ source, forward }: CacheFacts, ttl: number): string {
  const how = forward === null ? "hit" : `fwd=${forward === "miss" ? "uri-miss" : forward}`;
  return `zoo-balance; ${how}; ttl=${ttl}; detail=${source}`;
}

/** Weak (RFC 9110, section 8.8.1), over the body without `as_of`: it changes when the balance does. */
async function etagOf(view: View | StatusView): Promise<string> {
  const { as_of: _, ...lasting } = view;
  return `W/"${await sha256Hex(JSON.stringify(lasting), 16)}"`;
}

/** `If-None-Match` with the weak comparison (RFC 9110, section 13.1.2). */
function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === "*") return true;
  const opaque = etag.replace(/^W\//, "");
  return header.split(",").some((tag) => tag.trim().replace(/^W\//, "") === opaque);
}
