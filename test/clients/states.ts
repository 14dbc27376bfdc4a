/**
 * What an app shows, whatever goes wrong: one table for the clients in Kotlin, Swift and TypeScript.
 *
 * Each harness plays the same steps with its own client, against the started Worker, with the stand-in
 * of Zoo behind it and a faulty network before it. Time is the harness's: no step waits.
 */
import type { Fault } from "../zoo/faults.ts";
import { AGE_SECONDS } from "./front.ts";

/** What a harness says of a reading. Amounts without trailing zeros: decimal types differ there. */
export interface Shown {
  readonly available: string | null;
  readonly status: string | null;
  readonly low_below: string | null;
  readonly blocked: string | null;
  readonly total_due: string | null;
  readonly plan: string | null;
  readonly stale: boolean | null;
  readonly stale_reason: string | null;
  readonly problem: string | null;
  /** Seconds. */
  readonly age: number | null;
}

/** By name, as an identity provider hands them out; "none": it cannot be reached. */
export type Credential = "good" | "expired" | "status-only" | "none";

export type Step =
  /** The app starts again: memory is gone, storage stays. */
  | { do: "restart"; offline?: boolean; owner?: string; clockOff?: number }
  | { do: "credentials"; are: Credential[] }
  /** What the next requests meet on their way. */
  | { do: "network"; meets: Fault[] }
  | { do: "zoo"; has: Fault | null }
  | { do: "last" | "refresh" | "status"; shows: Shown }
  | { do: "history"; shows: HistoryShown }
  /** The screen is opened; or time passes while it is. Then the client sleeps so many seconds. */
  | { do: "watch"; shows: Shown[]; sleeps: number }
  | { do: "advance"; seconds: number; shows: Shown[]; sleeps: number }
  /** The screen is closed: nothing comes any more. */
  | { do: "unwatch" }
  /** The screen is still open: its stream shows this and ends. */
  | { do: "ends"; shows: Shown[] }
  /** A refresh, of which nobody waits for the end yet; the request is on its way when the step is over. */
  | { do: "begin" }
  | { do: "cancel" }
  | { do: "outcome"; shows: Shown }
  | { do: "clear" }
  /** The status of every answer so far; 0: it did not come to its end. */
  | { do: "answers"; were: number[] };

export interface HistoryShown {
  readonly points: number | null;
  readonly forecast_reason: string | null;
  readonly problem: string | null;
}

export interface Scenario {
  readonly name: string;
  /** Milliseconds until the client gives a request up: long enough for any machine, unless it has to happen. */
  readonly timeout?: number;
  readonly steps: readonly Step[];
}

export const NOTHING: Shown = {
  available: null,
  status: null,
  low_below: null,
  blocked: null,
  total_due: null,
  plan: null,
  stale: null,
  stale_reason: null,
  problem: null,
  age: null,
};

/** Of the stand-in's account. */
const BALANCE: Shown = {
  ...NOTHING,
  available: "37.3583",
  status: "ok",
  low_below: "10",
  total_due: "4.2",
  plan: "Pro",
  stale: false,
  age: AGE_SECONDS,
};

const failed = (code: string): Shown => ({ ...NOTHING, problem: code });
const SIGNED_OUT = failed("signed_out");
/** The last balance, so many seconds older, beside what is wrong. */
const kept = (problem: string | null, seconds = 0): Shown => ({
  ...BALANCE,
  problem,
  age: AGE_SECONDS + seconds,
});

const FRESH_SECONDS = 60;
/** What is left of it. */
const DUE = FRESH_SECONDS - AGE_SECONDS;

const problem = (status: number, code: string, retryAfter?: number): Fault => ({
  kind: "status",
  status,
  headers: {
    "content-type": "application/problem+json",
    ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }),
  },
  body: JSON.stringify({
    type: "about:blank",
    title: "",
    status,
    code,
    detail: "",
    request_id: "",
  }),
});
const page = (status: number, headers: Record<string, string> = {}): Fault => ({
  kind: "status",
  status,
  headers: { "content-type": "text/html", ...headers },
  body: "<!doctype html><title>Welcome to the hotel</title>",
});
const body = (members: object): Fault => ({ kind: "body", body: JSON.stringify(members) });
const unavailable = problem(503, "upstream_unavailable", 12);

/** The balance is known; then the network does this to the next request: the balance stays, with why. */
const afterwards = (name: string, fault: Fault, code: string): Scenario => ({
  name: `${name}: the last balance stays on the screen`,
  steps: [
    { do: "refresh", shows: BALANCE },
    { do: "network", meets: [fault] },
    { do: "refresh", shows: kept(code) },
    { do: "restart" },
    { do: "last", shows: kept(null) },
  ],
});
/** Nothing is known yet. */
const atFirst = (name: string, fault: Fault, code: string, sleeps: number): Scenario => ({
  name: `${name} at the first start: says so, then recovers`,
  steps: [
    { do: "network", meets: [fault] },
    { do: "watch", shows: [NOTHING, failed(code)], sleeps },
    { do: "advance", seconds: sleeps, shows: [BALANCE], sleeps: DUE },
    { do: "unwatch" },
  ],
});
const fault = (name: string, what: Fault, code: string, sleeps = 2): Scenario[] =>
  [atFirst(name, what, code, sleeps), afterwards(name, what, code)].map((scenario) =>
    what.kind.startsWith("hang") ? { ...scenario, timeout: 1_500 } : scenario,
  );

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "A first start shows nothing, then the balance, and asks again when it is due",
    steps: [
      { do: "watch", shows: [NOTHING, BALANCE], sleeps: DUE },
      { do: "advance", seconds: DUE, shows: [BALANCE], sleeps: DUE },
      { do: "unwatch" },
      { do: "answers", were: [200, 304] },
    ],
  },
  {
    name: "A start with a stored balance shows it at once with its age, then the new one",
    steps: [
      { do: "refresh", shows: BALANCE },
      { do: "restart", clockOff: 3_600 },
      { do: "watch", shows: [kept(null, 3_600), BALANCE], sleeps: DUE },
      { do: "unwatch" },
    ],
  },
  {
    name: "An unchanged balance (304) is shown with its new age, after a restart as well",
    steps: [
      { do: "refresh", shows: BALANCE },
      { do: "refresh", shows: BALANCE },
      { do: "restart" },
      { do: "refresh", shows: BALANCE },
      { do: "answers", were: [200, 304, 304] },
    ],
  },
  {
    name: "A refused connection at the first start is told, and nothing is shown",
    steps: [
      { do: "restart", offline: true },
      { do: "watch", shows: [NOTHING, failed("offline")], sleeps: 2 },
      { do: "advance", seconds: 2, shows: [failed("offline")], sleeps: 4 },
      { do: "unwatch" },
    ],
  },
  {
    name: "Offline with a stored balance, the balance is shown with its age",
    steps: [
      { do: "refresh", shows: BALANCE },
      { do: "restart", offline: true, clockOff: 600 },
      { do: "watch", shows: [kept(null, 600), kept("offline", 600)], sleeps: 2 },
      { do: "advance", seconds: 2, shows: [kept("offline", 602)], sleeps: 4 },
      { do: "advance", seconds: 4, shows: [kept("offline", 606)], sleeps: 8 },
      { do: "unwatch" },
    ],
  },
  {
    name: "Offline with an expired credential, the balance is shown though none can be renewed",
    steps: [
      { do: "refresh", shows: BALANCE },
      { do: "credentials", are: ["none"] },
      { do: "refresh", shows: kept("no_credential") },
      { do: "credentials", are: ["expired", "none"] },
      { do: "refresh", shows: kept("no_credential") },
    ],
  },
  ...fault("A connection that is reset", { kind: "reset" }, "offline"),
  ...fault("A connection that is cut in the body", { kind: "reset-body" }, "offline"),
  ...fault("An answer that never comes", { kind: "hang" }, "offline"),
  ...fault("A body that stops half way", { kind: "hang-body" }, "offline"),
  ...fault("A body that ends too soon", { kind: "truncated" }, "unreadable"),
  ...fault("JSON that is not a balance", body({ hello: "world" }), "unreadable"),
  ...fault("A captive portal's page", page(200), "intercepted"),
  ...fault("A captive portal that says 511", page(511), "intercepted"),
  ...fault("A captive portal's redirect", { kind: "redirect" }, "intercepted"),
  ...fault("429 with Retry-After", problem(429, "rate_limited", 30), "rate_limited", 30),
  ...fault("503 with Retry-After", unavailable, "upstream_unavailable", 12),
  ...fault("503 without Retry-After", problem(503, "upstream_unavailable"), "upstream_unavailable"),
  ...fault("502 of the edge, as a page", page(502), "unavailable"),
  ...fault("503 of the edge with Retry-After", page(503, { "retry-after": "5" }), "unavailable", 5),
  ...fault("502 without a word of its own", problem(502, "upstream_rejected"), "upstream_rejected"),
  ...fault("A code that is new", problem(503, "gone_fishing"), "gone_fishing"),
  ...fault("403", problem(403, "unknown_account"), "unknown_account", 300),
  {
    name: "A slow answer is waited for",
    steps: [
      { do: "network", meets: [{ kind: "latency", ms: 150 }] },
      { do: "refresh", shows: BALANCE },
    ],
  },
  {
    name: "A credential that is refused once is renewed, and the user sees nothing of it",
    steps: [
      { do: "credentials", are: ["expired", "good"] },
      { do: "refresh", shows: BALANCE },
      { do: "answers", were: [401, 200] },
    ],
  },
  {
    name: "A credential that is refused after 503, 503, 503 is renewed all the same",
    steps: [
      { do: "credentials", are: ["expired", "good"] },
      { do: "network", meets: [unavailable, unavailable, unavailable] },
      { do: "watch", shows: [NOTHING, failed("upstream_unavailable")], sleeps: 12 },
      { do: "advance", seconds: 12, shows: [failed("upstream_unavailable")], sleeps: 12 },
      { do: "advance", seconds: 12, shows: [failed("upstream_unavailable")], sleeps: 12 },
      { do: "advance", seconds: 12, shows: [BALANCE], sleeps: DUE },
      { do: "unwatch" },
      { do: "answers", were: [503, 503, 503, 401, 200] },
    ],
  },
  {
    name: "A credential that is refused for ever is renewed once per attempt, and seldom tried again",
    steps: [
      { do: "refresh", shows: BALANCE },
      { do: "credentials", are: ["expired"] },
      { do: "restart" },
      { do: "watch", shows: [kept(null), kept("invalid_credentials")], sleeps: 300 },
      { do: "unwatch" },
      { do: "answers", were: [200, 401, 401] },
    ],
  },
  {
    name: "A credential for the status alone gets the status, and for the balance the reason",
    steps: [
      { do: "credentials", are: ["status-only"] },
      { do: "refresh", shows: failed("insufficient_scope") },
      { do: "status", shows: { ...NOTHING, status: "ok", stale: false, age: AGE_SECONDS } },
      { do: "status", shows: { ...NOTHING, status: "ok", stale: false, age: AGE_SECONDS } },
      { do: "answers", were: [403, 200, 304] },
    ],
  },
  {
    name: "Zoo refuses the proxy (502): the reason is shown, and later the balance",
    steps: [
      { do: "zoo", has: { kind: "status", status: 401 } },
      { do: "refresh", shows: failed("upstream_rejected") },
      { do: "answers", were: [502] },
    ],
  },
  {
    name: "Zoo is down and nothing is stored anywhere (503): the reason is shown",
    steps: [
      { do: "zoo", has: { kind: "status", status: 500 } },
      { do: "refresh", shows: failed("upstream_unavailable") },
      { do: "answers", were: [503] },
    ],
  },
  {
    name: "While Retry-After runs, a pull to refresh costs no request",
    steps: [
      { do: "refresh", shows: BALANCE },
      { do: "network", meets: [problem(429, "rate_limited", 30)] },
      { do: "refresh", shows: kept("rate_limited") },
      { do: "refresh", shows: kept("rate_limited") },
      { do: "answers", were: [200, 429] },
    ],
  },
  {
    name: "A stale balance says so and why",
    steps: [
      {
        do: "network",
        meets: [
          body({
            status: "low",
            available: "9.50",
            stale: true,
            stale_reason: "upstream_unavailable",
          }),
        ],
      },
      {
        do: "refresh",
        shows: {
          ...NOTHING,
          ...{ available: "9.5", status: "low", age: 0 },
          ...{ stale: true, stale_reason: "upstream_unavailable" },
        },
      },
    ],
  },
  {
    name: "New members, new words and missing members are survived",
    steps: [
      {
        do: "network",
        meets: [
          body({
            ...{ account: "default", status: "hibernating", available: "-0.004", mood: ["new"] },
            ...{ blocked: "solar_storm", total_due: 12, plan: { name: "zoo", pricing: "barter" } },
            ...{ stale: false, stale_reason: null, monthly: null, prepaid: { gold: "1" } },
          }),
        ],
      },
      {
        do: "refresh",
        shows: {
          ...NOTHING,
          ...{ status: "hibernating", available: "-0.004", blocked: "solar_storm", plan: "zoo" },
          ...{ stale: false, age: 0 },
        },
      },
    ],
  },
  {
    name: "Amounts are exact, beyond what a double can hold",
    steps: [
      { do: "network", meets: [body({ status: "ok", available: "12345678901234567.891234" })] },
      {
        do: "refresh",
        shows: {
          ...NOTHING,
          ...{ status: "ok", available: "12345678901234567.891234", stale: false, age: 0 },
        },
      },
    ],
  },
  {
    name: "With a clock that is a day slow, the age is right, and it is asked again in time",
    steps: [
      { do: "restart", clockOff: -86_400 },
      { do: "watch", shows: [NOTHING, BALANCE], sleeps: DUE },
      { do: "advance", seconds: DUE, shows: [BALANCE], sleeps: DUE },
      { do: "unwatch" },
    ],
  },
  {
    name: "A clock that is put back a day makes nothing younger than it was, and no wait longer",
    steps: [
      { do: "watch", shows: [NOTHING, BALANCE], sleeps: DUE },
      { do: "unwatch" },
      { do: "restart", clockOff: -86_400 },
      { do: "watch", shows: [BALANCE, BALANCE], sleeps: DUE },
      { do: "advance", seconds: -86_400, shows: [BALANCE], sleeps: DUE },
      { do: "unwatch" },
    ],
  },
  {
    name: "A cancelled refresh ends at once, closes its connection, and the next one works",
    steps: [
      { do: "network", meets: [{ kind: "hang" }] },
      { do: "begin" },
      { do: "cancel" },
      { do: "refresh", shows: BALANCE },
    ],
  },
  {
    name: "Closing the screen ends the stream, and its call",
    steps: [
      { do: "watch", shows: [NOTHING, BALANCE], sleeps: DUE },
      { do: "unwatch" },
      { do: "answers", were: [200] },
    ],
  },
  {
    name: "After signing out nothing is left, in memory or in the store",
    steps: [
      { do: "refresh", shows: BALANCE },
      { do: "history", shows: { points: 1, forecast_reason: "not_enough_history", problem: null } },
      { do: "clear" },
      { do: "last", shows: SIGNED_OUT },
      { do: "restart", offline: true },
      { do: "last", shows: NOTHING },
      { do: "history", shows: { points: null, forecast_reason: null, problem: "offline" } },
    ],
  },
  {
    name: "Signing out while the screen is open empties it and ends its stream",
    steps: [
      { do: "watch", shows: [NOTHING, BALANCE], sleeps: DUE },
      { do: "clear" },
      { do: "ends", shows: [SIGNED_OUT] },
    ],
  },
  {
    name: "A client that was signed out asks nothing and stores nothing any more",
    steps: [
      { do: "refresh", shows: BALANCE },
      { do: "clear" },
      { do: "refresh", shows: SIGNED_OUT },
      { do: "status", shows: SIGNED_OUT },
      { do: "history", shows: { points: null, forecast_reason: null, problem: "signed_out" } },
      { do: "answers", were: [200] },
      { do: "restart", offline: true },
      { do: "last", shows: NOTHING },
    ],
  },
  {
    name: "Signing out during a call leaves nothing of what it would have brought",
    steps: [
      { do: "network", meets: [{ kind: "hang" }] },
      { do: "begin" },
      { do: "clear" },
      { do: "outcome", shows: SIGNED_OUT },
      { do: "restart", offline: true },
      { do: "last", shows: NOTHING },
    ],
  },
  {
    name: "Whoever signs in next does not see the balance of who forgot to sign out",
    steps: [
      { do: "refresh", shows: BALANCE },
      { do: "restart", owner: "somebody else", offline: true },
      { do: "last", shows: NOTHING },
    ],
  },
  {
    name: "A history is kept for the chart while offline",
    steps: [
      { do: "refresh", shows: BALANCE },
      { do: "history", shows: { points: 1, forecast_reason: "not_enough_history", problem: null } },
      { do: "restart", offline: true },
      {
        do: "history",
        shows: { points: 1, forecast_reason: "not_enough_history", problem: "offline" },
      },
    ],
  },
];
