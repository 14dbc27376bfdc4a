/** The words of the API's description: what each schema and each member of it means. */
import { MAX_DAYS } from "../history/retention.ts";
import { MAX_POINTS } from "../history/store.ts";
import { type Json, MAX_WORD, type Words } from "./json-schema.ts";

/** What `saneId` of `src/lib/request-id.ts` accepts. */
export const REQUEST_ID: Json = { type: "string", pattern: "^[\\w.:-]{1,64}$", maxLength: 64 };

export const ACCOUNT: Json = {
  description: "The account's name in the operator's configuration. The credential decides which.",
  maxLength: 64,
  pattern: "^[A-Za-z0-9_.-]{1,64}$",
  examples: ["default"],
};
const CURRENCY: Json = {
  description: "The currency of all amounts (ISO 4217).",
  maxLength: 3,
  pattern: "^[A-Z]{3}$",
  examples: ["USD"],
};
const STATUS: Json = {
  description:
    "`ok`; `low`: less than `low_below` is available; `exhausted`: nothing is available; `contract`: nothing is available, but a contract account can go on without; `blocked`: Zoo refuses the account's API calls, see the member `blocked`. More words may come.",
};
const AS_OF: Json = {
  description: "When the proxy read this from Zoo.",
  examples: ["2026-11-23T10:00:00Z"],
};
const STALE: Json = {
  description: "Whether the value is older than what the operator considers fresh.",
  examples: [false],
};
const STALE_REASON: Json = {
  description:
    "Why it is stale; null when it is not. `revalidating`: a new value is being fetched, ask again in a moment; `upstream_unavailable`: Zoo cannot be reached; `upstream_rejected`: Zoo refuses the proxy's token; `upstream_invalid`: Zoo's answer cannot be read. More words may come.",
};

const balance: Words = {
  "": { description: "What the account has, and whether that is enough." },
  account: ACCOUNT,
  status: STATUS,
  currency: CURRENCY,
  available: {
    description: "What can be spent: `monthly.remaining` plus `prepaid.remaining`.",
    examples: ["146.72"],
  },
  low_below: {
    description: "The amount below which `status` is `low`.",
    examples: ["10.00"],
  },
  blocked: {
    description:
      "Why Zoo refuses the account's API calls; null when it does not, or when that is not known. Zoo's own words: `missing_payment_method`, `payment_method_failed`, `billing_threshold_reached`, `pay_as_you_go_disabled`, `upgrade_downgrade_abuse`, `admin`. More words may come.",
    maxLength: MAX_WORD,
    examples: ["payment_method_failed"],
  },
  pay_as_you_go: {
    description:
      "Whether API calls go on, and are billed, when the credits are used up; null when not known.",
    examples: [true],
  },
  total_due: {
    description: "What is owed to Zoo; null when not known.",
    examples: ["31.61"],
  },
  updated_at: {
    description: "When Zoo last changed the balance.",
    examples: ["2024-04-29T19:59:59Z"],
  },
  as_of: AS_OF,
  stale: STALE,
  stale_reason: STALE_REASON,
};

const monthly: Words = {
  "": { description: "Credits that are renewed each month." },
  remaining: { description: "What is left of them.", examples: ["58.93"] },
  allowance: {
    description: "How much each month starts with; null when not known.",
    examples: ["66.98"],
  },
  units: {
    description: "`remaining` in API credits instead of money; null when not known.",
    examples: [1501],
  },
  refreshes_at: {
    description:
      "When they are renewed; null when not known. A time in the past means that it is about to happen.",
    examples: ["2026-12-11T15:30:00Z"],
  },
};

const prepaid: Words = {
  "": { description: "Credits that were bought." },
  remaining: { description: "What is left of them.", examples: ["87.79"] },
  units: {
    description: "`remaining` in API credits instead of money; null when not known.",
    examples: [3000],
  },
  cash: {
    description:
      "How much of `remaining` is refundable; null when not known. It is included there: do not add it.",
    examples: ["70.93"],
  },
};

const plan: Words = {
  "": { description: "The plan that the account subscribes to; null without a subscription." },
  name: { description: "Zoo's identifier of the plan.", maxLength: 256, examples: ["pro_2026"] },
  title: { description: "The name to show to people.", maxLength: 256, examples: ["Pro"] },
  pricing: {
    description: "`flat`, `per_user` or `contract`. More words may come.",
    maxLength: MAX_WORD,
    examples: ["flat"],
  },
  price: {
    description: "What each `interval` costs; null when there is no fixed price.",
    examples: ["29.00"],
  },
  interval: {
    description:
      "How often the price is paid: `month` or `year`; null without a price. More words may come.",
    maxLength: MAX_WORD,
    examples: ["month"],
  },
  support: {
    description: "Zoo's word for the level of support; null when not known.",
    maxLength: MAX_WORD,
    examples: ["standard_email"],
  },
};

const balanceStatus: Words = {
  "": { description: "Whether the balance is enough, without any amount." },
  account: ACCOUNT,
  status: STATUS,
  as_of: AS_OF,
  stale: STALE,
  stale_reason: STALE_REASON,
};

const history: Words = {
  "": { description: "How the balance developed, and how long it will last." },
  account: ACCOUNT,
  currency: CURRENCY,
  from: { description: "Start of the period.", examples: ["2026-10-25T10:00:00Z"] },
  to: {
    description: "End of the period: when this was computed.",
    examples: ["2026-11-24T10:00:00Z"],
  },
  points: {
    description:
      "Oldest first: one for each change, and at least one a day. Older than 7 days, at most one an hour is kept; older than 90 days, one a day.",
    maxItems: MAX_POINTS,
  },
  spend_per_day: {
    description:
      "How much `available` falls per day, on average over the last 7 days; increases are not counted. Null when there is no forecast.",
    examples: ["4.20"],
  },
  lasts_until: {
    description: "When nothing will be left at this rate; null when there is no forecast.",
    examples: ["2026-12-29T09:30:00Z"],
  },
  forecast_reason: {
    description:
      "Why there is no forecast; null when there is one. `not_enough_history`: less than a day is known; `not_spending`: nothing was spent. More words may come.",
  },
  days: {
    description: "What was spent on each day (UTC) of the period, oldest first.",
    maxItems: MAX_DAYS,
  },
};

const point: Words = {
  "": { description: "The balance at one time." },
  at: { description: "When the proxy read it from Zoo.", examples: ["2026-11-23T10:00:00Z"] },
  available: { description: "`monthly` plus `prepaid`.", examples: ["146.72"] },
  monthly: { description: "What was left of the monthly credits.", examples: ["58.93"] },
  prepaid: { description: "What was left of the prepaid credits.", examples: ["87.79"] },
  total_due: {
    description: "What was owed to Zoo; null when not known.",
    examples: ["31.61"],
  },
};

const day: Words = {
  "": { description: "What was spent on one day." },
  day: { description: "The day, in UTC.", examples: ["2026-11-23"] },
  spent: {
    description: "By how much `available` fell; increases are not counted.",
    examples: ["4.20"],
  },
};

const problem: Words = {
  "": { description: "Why a request failed, as problem details (RFC 9457)." },
  type: {
    description: "A URN that ends in `code`.",
    maxLength: 128,
    format: "uri",
    examples: ["urn:zoo-balance-proxy:problem:invalid_credentials"],
  },
  status: { description: "The HTTP status.", examples: [401] },
  title: {
    description: "The HTTP status in words.",
    maxLength: 64,
    pattern: "^[ -~]+$",
    examples: ["Unauthorized"],
  },
  detail: {
    description: "An explanation for developers, always the same for a `code`.",
    maxLength: 256,
    pattern: "^[ -~]+$",
    examples: ["The credential is not valid."],
  },
  code: {
    description: "What went wrong: the member to decide by. More words may come.",
    maxLength: MAX_WORD,
    examples: ["invalid_credentials"],
  },
  request_id: {
    description: "Finds this request in the operator's log; also in the header `X-Request-Id`.",
    ...REQUEST_ID,
    examples: ["8f1c2d3e4a5b6c7d-FRA"],
  },
};

export const WORDS = {
  Balance: balance,
  Monthly: monthly,
  Prepaid: prepaid,
  Plan: plan,
  BalanceStatus: balanceStatus,
  BalanceHistory: history,
  Point: point,
  DaySpent: day,
  Problem: problem,
};
