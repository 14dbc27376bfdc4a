/** Everything that can be wrong between the proxy and what it rests on, and what the contract then promises. */
import { balanceBody } from "../zoo/bodies.ts";
import type { Fault } from "../zoo/faults.ts";

/** What an attempt at Zoo comes to: a value, by its `available`, or a reason. */
export type Outcome =
  | { readonly available: string }
  | { readonly reason: "upstream_unavailable" | "upstream_rejected" | "upstream_invalid" };

export interface UpstreamFault {
  readonly name: string;
  readonly fault: Fault;
  readonly outcome: Outcome;
  /** It is known only when the whole call's deadline has passed. */
  readonly late?: true;
}

const unavailable = { reason: "upstream_unavailable" } as const;
const rejected = { reason: "upstream_rejected" } as const;
const invalid = { reason: "upstream_invalid" } as const;
const healthy = { available: "37.3583" };

const status = (number: number, outcome: Outcome, headers = {}, name = `${number}`) => ({
  name,
  fault: { kind: "status" as const, status: number, headers },
  outcome,
});

const good = balanceBody("2026-08", { includeTotalDue: true });
const MONTHLY = "monthly_api_credits_remaining_monetary_value";
const PREPAID = "stable_api_credits_remaining_monetary_value";

/** The healthy body with these members in place of its own, each written just so. */
function bodyWith(members: Readonly<Record<string, string>>): string {
  const written = Object.entries(good).map(([name, value]) => [name, JSON.stringify(value)]);
  const all = Object.entries({ ...Object.fromEntries(written), ...members });
  return `{${all.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(",")}}`;
}

const body = (name: string, text: string, outcome: Outcome, contentType?: string) => ({
  name,
  fault: {
    kind: "body" as const,
    body: text,
    ...(contentType === undefined ? {} : { contentType }),
  },
  outcome,
});

/** No parser that calls itself gets to the end of it. */
const DEEP = 100_000;
const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

export const UPSTREAM_FAULTS: readonly UpstreamFault[] = [
  { name: "none", fault: { kind: "latency", ms: 0 }, outcome: healthy },
  { name: "reset before headers", fault: { kind: "reset" }, outcome: unavailable },
  { name: "reset in the body", fault: { kind: "reset-body" }, outcome: unavailable },
  { name: "hang before headers", fault: { kind: "hang" }, outcome: unavailable, late: true },
  { name: "hang in the body", fault: { kind: "hang-body" }, outcome: unavailable, late: true },
  { name: "slow drip", fault: { kind: "drip" }, outcome: unavailable, late: true },
  { name: "garbage", fault: { kind: "garbage" }, outcome: invalid },
  { name: "HTML", fault: { kind: "html" }, outcome: invalid },
  { name: "truncated JSON", fault: { kind: "truncated" }, outcome: invalid },
  { name: "300 KiB", fault: { kind: "oversize" }, outcome: invalid },
  { name: "204", fault: { kind: "empty" }, outcome: invalid },
  { name: "redirect", fault: { kind: "redirect" }, outcome: unavailable },
  status(301, unavailable, { location: "https://elsewhere.example/" }),
  status(401, rejected),
  status(403, rejected),
  ...[400, 402, 404, 429, 500, 502, 503].map((number) => status(number, unavailable)),
  status(429, unavailable, { "retry-after": "30" }, "429, Retry-After in seconds"),
  status(
    429,
    unavailable,
    { "retry-after": "Fri, 31 Dec 2055 23:59:59 GMT" },
    "429, Retry-After as a date",
  ),
  status(503, unavailable, { "retry-after": "soon" }, "503, Retry-After that is neither"),
  { name: "gzip", fault: { kind: "encoded", encoding: "gzip" }, outcome: healthy },
  { name: "brotli", fault: { kind: "encoded", encoding: "br" }, outcome: healthy },
  { name: "not the gzip it says", fault: { kind: "encoding-lie" }, outcome: unavailable },
  { name: "length too large", fault: { kind: "length-lie", by: 1_000 }, outcome: unavailable },
  { name: "length too small", fault: { kind: "length-lie", by: -10 }, outcome: invalid },
  body("another content type", bodyWith({}), healthy, "text/plain"),
  body("null", "null", invalid),
  body("a list", `[${bodyWith({})}]`, invalid),
  body("a string", JSON.stringify(bodyWith({})), invalid),
  body("an empty object", "{}", invalid),
  body("a byte order mark", `\uFEFF${bodyWith({})}`, healthy),
  body("two values", `${bodyWith({})}${bodyWith({})}`, invalid),
  body("some nesting in what is ignored", bodyWith({ x: nested(500) }), healthy),
  body("deep nesting in what is ignored", bodyWith({ x: nested(DEEP) }), invalid),
  body("deep nesting, unclosed", "[".repeat(DEEP), invalid),
  body("duplicate names, the last counts", `{"${MONTHLY}":1,${bodyWith({}).slice(1)}`, healthy),
  body("NaN", bodyWith({ [MONTHLY]: "NaN" }), invalid),
  body("Infinity", bodyWith({ [MONTHLY]: "Infinity" }), invalid),
  body("1e400", bodyWith({ [MONTHLY]: "1e400" }), invalid),
  body("1e-400", bodyWith({ [MONTHLY]: "1e-400" }), invalid),
  body("400 digits", bodyWith({ [MONTHLY]: "9".repeat(400) }), invalid),
  body("400 digits in a string", bodyWith({ [PREPAID]: `"${"9".repeat(400)}"` }), invalid),
  body("negative", bodyWith({ [MONTHLY]: "-100.5" }), { available: "-75.60" }),
  body("money with a comma", bodyWith({ [MONTHLY]: '"1,50"' }), invalid),
  body("money as true", bodyWith({ [MONTHLY]: "true" }), invalid),
  body("no prepaid credits", bodyWith({ [PREPAID]: "null" }), invalid),
  body("no such day", bodyWith({ updated_at: '"2026-02-30T00:00:00Z"' }), invalid),
  body("a date alone", bodyWith({ updated_at: '"2026-02-03"' }), invalid),
  body("a date as a number", bodyWith({ updated_at: "1700000000" }), invalid),
  body("unreadable due", bodyWith({ total_due: '"a lot"' }), healthy),
  body("unreadable plan", bodyWith({ subscription_details: "[1]" }), healthy),
  body("unreadable refresh time", bodyWith({ monthly_api_credits_refresh_at: '"soon"' }), healthy),
];

/** Nobody listens where Zoo should be: so for a whole Worker, not for one token. */
export const REFUSED: UpstreamFault = {
  name: "connection refused",
  fault: { kind: "reset" },
  outcome: unavailable,
};

export const STATES = ["none", "fresh", "revalidating", "stale", "expired"] as const;
export const KV_STATES = ["up", "slow", "failing", "foreign value", "older value"] as const;
export const OBJECT_STATES = ["up", "restarted", "overloaded", "throwing"] as const;

export interface Cell {
  readonly upstream: UpstreamFault;
  /** Of the stored value. */
  readonly state: (typeof STATES)[number];
  readonly kv: (typeof KV_STATES)[number];
  readonly object: (typeof OBJECT_STATES)[number];
}

export type Expected =
  | { readonly available: string; readonly stale_reason: string | null }
  | { readonly code: string };

/** `available` of the stored value. */
export const STORED = "3.00";

const reaches = ({ object }: Cell) => object === "up" || object === "restarted";

/** Whether the first answer makes a call to Zoo: unless the value is fresh, where the object can be reached. */
export const callsZoo = (cell: Cell) => reaches(cell) && cell.state !== "fresh";

/**
 * The first answer to a caller, from the contract: the freshness table, and that KV and the object stand
 * in for each other.
 */
export function firstAnswer(cell: Cell): Expected {
  const { upstream, state, kv } = cell;
  const seen = reaches(cell) || kv === "up" ? state : "none";
  // The object knows that the attempt before this one failed; who finds a copy in KV does not.
  const pending = kv === "up" ? "revalidating" : "upstream_unavailable";
  const stored = (stale_reason: string | null) => ({ available: STORED, stale_reason });
  switch (seen) {
    case "fresh":
      return stored(null);
    case "revalidating":
      return stored(pending);
    case "stale":
      if (!reaches(cell)) return stored("upstream_unavailable");
      if (upstream.late === true) return stored(pending);
      return "reason" in upstream.outcome
        ? stored(upstream.outcome.reason)
        : renewed(upstream.outcome);
    case "none":
    case "expired":
      if (!reaches(cell)) return { code: "upstream_unavailable" };
      return "reason" in upstream.outcome
        ? { code: upstream.outcome.reason }
        : renewed(upstream.outcome);
  }
}

/**
 * Whether the next answer may still be the first one: it was the object that answered at once, and what its
 * refresh came to is heard of when it is asked again, behind an answer.
 */
export const mayLag = (cell: Cell) =>
  reaches(cell) && cell.state === "revalidating" && cell.kv !== "up";

/** The next one, when whatever the first has begun is over, and the next attempt is not yet due. */
export function nextAnswer(cell: Cell): Expected {
  const first = firstAnswer(cell);
  if (!callsZoo(cell)) return first;
  const { outcome } = cell.upstream;
  if ("available" in outcome) return renewed(outcome);
  return "code" in first ? first : { available: STORED, stale_reason: outcome.reason };
}

const renewed = ({ available }: { available: string }) => ({ available, stale_reason: null });
