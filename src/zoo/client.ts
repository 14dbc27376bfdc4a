/** The calls to Zoo: the only code that sends the token. Never throws: every outcome is a value. */

import type { Failure } from "../balance/backoff.ts";
import { type Access, type Balance, balanceSchema } from "../balance/record.ts";
import type { Account, Config } from "../config/config.ts";
import { type FetchTextResult, fetchText } from "../lib/fetch-text.ts";
import { isObject, parseJson } from "../lib/json.ts";
import type { Drift } from "../lib/log.ts";
import { saneId } from "../lib/request-id.ts";
import { parseRetryAfter } from "../lib/retry-after.ts";
import { fetchAccess } from "./access.ts";
import { readZooBody } from "./body.ts";

/** What the log may know of a call to Zoo. */
export interface CallFacts {
  /** HTTP status, or what happened instead of one. */
  readonly status: number | "timeout" | "network";
  readonly drift: readonly Drift[];
  /** Zoo's `X-Api-Call-Id`, or the `request_id` of its error body. */
  readonly zooRequestId: string | null;
}

export type UpstreamResult = CallFacts &
  (
    | { readonly ok: true; readonly balance: Balance; readonly access: Access | null }
    | {
        readonly ok: false;
        readonly reason: Failure["reason"];
        /** Host and path, for the log. */
        readonly target: string;
        /** From `Retry-After` (RFC 9110, section 10.2.3), milliseconds. */
        readonly retryAfterMs: number | null;
      }
  );

/** Fetches the balance of one upstream account and, in parallel, whether Zoo lets it work. Never throws. */
export async function fetchBalance(
  account: Account,
  config: Pick<
    Config,
    "ZOO_API_URL" | "ZOO_INCLUDE_TOTAL_DUE" | "ZOO_INCLUDE_BLOCK" | "ZOO_TIMEOUT_MS"
  >,
): Promise<UpstreamResult> {
  const base = config.ZOO_API_URL.replace(/\/+$/, "");
  const query = config.ZOO_INCLUDE_TOTAL_DUE ? "?include_total_due=true" : "";
  const url = `${base}/${account.subject}/payment/balance${query}`;
  const headers = { authorization: `Bearer ${account.token}` };
  const accessing = config.ZOO_INCLUDE_BLOCK
    ? fetchAccess(account, base, config)
    : { access: null, drift: [] };
  const target = url.replace(/^https?:\/\//, "").replace(query, "");
  const result = judge(await fetchText(url, config.ZOO_TIMEOUT_MS, headers), target);
  // Without a balance there is nothing to store it beside, so it is not awaited.
  if (!result.ok) return result;
  const { access, drift } = await accessing;
  return { ...result, access, drift: [...result.drift, ...drift] };
}

function judge(answer: FetchTextResult, target: string): UpstreamResult {
  const { head } = answer;
  const zooRequestId = requestIdOf(answer);
  const failed = (
    reason: Failure["reason"],
    status: CallFacts["status"],
    drift: readonly Drift[] = [],
  ): UpstreamResult => {
    const retryAfterMs = parseRetryAfter(head?.headers.get("retry-after") ?? null, Date.now());
    return { ok: false, reason, status, drift, zooRequestId, target, retryAfterMs };
  };
  // A status says more than how the body after it ended.
  if (head?.status === 401 || head?.status === 403) return failed("upstream_rejected", head.status);
  if (head !== null && (head.status < 200 || head.status > 299)) {
    return failed("upstream_unavailable", head.status);
  }
  if (answer.end === "timeout" || answer.end === "network") {
    return failed("upstream_unavailable", answer.end);
  }
  const { status } = answer.head;
  if (answer.end === "too_large") {
    return failed("upstream_invalid", status, [{ field: "(body)", type: "larger than 256 KiB" }]);
  }
  const read = readZooBody(answer.body);
  if (!read.ok) return failed("upstream_invalid", status, read.drift);
  if (!balanceSchema.safeParse(read.balance).success) return failed("upstream_invalid", status);
  return { ok: true, balance: read.balance, access: null, status, drift: read.drift, zooRequestId };
}

function requestIdOf(answer: FetchTextResult): string | null {
  const header = answer.head?.headers.get("x-api-call-id") ?? null;
  if (header !== null) return saneId(header);
  if (answer.end !== "whole" || answer.head.status < 400) return null;
  const body = parseJson(answer.body);
  return isObject(body) ? saneId(body.request_id) : null;
}
