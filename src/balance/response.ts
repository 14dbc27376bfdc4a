/**
 * The 200 and the 304 of a balance. Body and `ETag` are made once per value, the headers once a second, so
 * that a hit only copies them.
 */

import type { Config } from "../config/config.ts";
import type { IsolateState } from "../config/isolate-state.ts";
import { SECURITY_HEADERS } from "../http/security-headers.ts";
import { matches, weakEtag } from "../lib/etag.ts";
import { cacheHeaders, secondsSince } from "./cache-headers.ts";
import type { CacheFacts } from "./read.ts";
import type { BalanceRecord } from "./record.ts";
import {
  type Seen,
  type StaleReason,
  type StatusView,
  toStatusView,
  toView,
  type View,
} from "./view.ts";

export interface Prepared {
  readonly record: BalanceRecord;
  readonly staleReason: StaleReason | null;
  /** UTF-8. */
  readonly body: Uint8Array;
  readonly etag: string;
  /** The headers of a hit in memory, and the second (epoch) for which they hold. */
  readonly hit: { second: number; headers: ResponseHeaders };
}

interface ResponseHeaders {
  readonly ok: Headers;
  /** A 304 has no body, so nothing is said of its type (RFC 9110, section 15.4.5). */
  readonly notModified: Headers;
}

const NEVER = { second: Number.NaN, headers: { ok: new Headers(), notModified: new Headers() } };

/** What is shown: everything, or how the account stands. */
export type Shown = "balance" | "status";

/** One entry per configured account and view, so bounded by the configuration. */
class PreparedResponses {
  readonly byView = new Map<string, Prepared>();
}

const viewKey = (account: string, shown: Shown) => `${account} ${shown}`;

/** @throws ZodError when the value makes no view: a bug must not reach a caller */
export async function prepare(
  seen: Seen,
  shown: Shown,
  config: Config,
  state: IsolateState,
): Promise<Prepared> {
  const { record, staleReason } = seen;
  const ready = recallPrepared(record, staleReason, shown, state);
  if (ready !== null) return ready;
  const whole = toView(seen, config);
  const view = shown === "balance" ? whole : toStatusView(whole);
  const body = new TextEncoder().encode(JSON.stringify(view));
  const prepared = { record, staleReason, body, etag: await etagOf(view), hit: { ...NEVER } };
  state.of(PreparedResponses).byView.set(viewKey(record.account, shown), prepared);
  return prepared;
}

/** What was prepared for exactly this value, or `null`. */
export function recallPrepared(
  record: BalanceRecord,
  staleReason: StaleReason | null,
  shown: Shown,
  state: IsolateState,
): Prepared | null {
  const prepared = state.of(PreparedResponses).byView.get(viewKey(record.account, shown));
  const same = prepared?.record === record && prepared.staleReason === staleReason;
  return same ? prepared : null;
}

/** What of the request and the read decides the form of the answer. */
export interface Asked {
  readonly ifNoneMatch: string | null;
  readonly requestId: string;
  /** Seconds until a forced refresh can make the value newer; null when none was asked for in vain. */
  readonly retryAfter: number | null;
}

/** 200, or 304 where the caller has it already (RFC 9110, section 13.1.2). */
export function respond(
  prepared: Prepared,
  { ifNoneMatch, requestId, retryAfter }: Asked,
  now: number,
  cache: CacheFacts,
  freshSeconds: number,
): Response {
  const { body, etag } = prepared;
  const notModified = matches(ifNoneMatch, etag);
  const { ok, notModified: without } = headersAt(prepared, now, cache, freshSeconds);
  const made = notModified ? without : ok;
  const headers = retryAfter === null ? made : new Headers(made);
  if (retryAfter !== null) headers.set("retry-after", String(retryAfter));
  // Copied into the response below, so that the next one may set its own.
  headers.set("x-request-id", requestId);
  return notModified
    ? new Response(null, { status: 304, headers })
    : new Response(body, { headers });
}

function headersAt(
  { record, etag, hit }: Prepared,
  now: number,
  cache: CacheFacts,
  freshSeconds: number,
): ResponseHeaders {
  const memorable = cache.store === "memory" && cache.forward === null;
  const second = Math.floor(now / 1_000);
  if (memorable && hit.second === second) return hit.headers;
  const ttl = Math.floor((record.fetched_at - now) / 1_000) + freshSeconds;
  const age = secondsSince(record.fetched_at, now);
  const cacheStatus = `${howOf(cache)}; ttl=${ttl}; detail=${cache.store}`;
  const notModified = new Headers({
    ...cacheHeaders(etag, age, freshSeconds, cacheStatus, now),
    ...SECURITY_HEADERS,
  });
  const ok = new Headers(notModified);
  ok.set("content-type", "application/json");
  const headers = { ok, notModified };
  if (memorable) Object.assign(hit, { second, headers });
  return headers;
}

/** RFC 9211: a forwarded request says why it was forwarded. */
const howOf = ({ forward }: CacheFacts) =>
  forward === null ? "hit" : `fwd=${forward === "miss" ? "uri-miss" : forward}`;

/** Over the body without `as_of`: it changes when the balance does. */
function etagOf(view: View | StatusView): Promise<string> {
  const { as_of: _, ...lasting } = view;
  return weakEtag(lasting);
}
