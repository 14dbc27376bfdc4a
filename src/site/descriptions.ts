/** What is said of the members of answers in the API's description, and an example of each answer. */
import type * as z from "zod/mini";
import type { statusViewSchema, viewSchema } from "../balance/view.ts";
import { MAX_DAYS } from "../history/retention.ts";
import { MAX_POINTS } from "../history/store.ts";
import { DAY, type historySchema } from "../history/view.ts";
import type { Descriptions, Json } from "./json-schema.ts";

/** By the paths of members. */

/** Of the balance, whole or its status alone. */
export const OF_BALANCE: Descriptions = {
  account: {
    description: "The upstream account, as the credential says.",
    maxLength: 64,
    pattern: "^[A-Za-z0-9_.-]{1,64}$",
    examples: ["default"],
  },
  status: {
    description:
      "`blocked` (Zoo refuses the account's calls), `contract` (a contract account with nothing available: the balance is not what limits it), `exhausted` (nothing available), `low` (less than `low_below`), else `ok`. More words may come.",
  },
  currency: { description: "Always USD.", examples: ["USD"] },
  available: {
    description: "What can be spent: monthly plus prepaid, USD.",
    examples: ["146.72"],
  },
  low_below: { description: "Less than this is called low, USD.", examples: ["10.00"] },
  blocked: {
    description:
      "Zoo's word for why it refuses the account's calls: `missing_payment_method`, `payment_method_failed`, `billing_threshold_reached`, `pay_as_you_go_disabled`, `upgrade_downgrade_abuse`, `admin`. Null when it does not, or when that is not known. More words may come.",
    maxLength: 64,
    examples: ["payment_method_failed"],
  },
  pay_as_you_go: {
    description: "Whether calls go on when the credits are gone; null when not known.",
    examples: [true],
  },
  monthly: { description: "Credits that come anew each month." },
  "monthly.remaining": { description: "USD.", examples: ["58.93"] },
  "monthly.allowance": { description: "What each month brings, USD.", examples: ["66.98"] },
  "monthly.units": { description: "The same in API credits.", examples: [1501] },
  "monthly.refreshes_at": {
    description: "When they come anew. In the past: they are about to.",
    examples: ["2026-12-11T15:30:00Z"],
  },
  prepaid: { description: "Credits that were bought." },
  "prepaid.remaining": { description: "USD.", examples: ["87.79"] },
  "prepaid.units": { description: "The same in API credits.", examples: [3000] },
  "prepaid.cash": {
    description: "The refundable part of `remaining`, USD; not more money.",
    examples: ["70.93"],
  },
  total_due: { description: "What is owed, USD.", examples: ["31.61"] },
  plan: { description: "Null without a subscription." },
  "plan.name": { description: "Zoo's name for it.", maxLength: 256, examples: ["pro_2026"] },
  "plan.title": { description: "The name to show.", maxLength: 256, examples: ["Pro"] },
  "plan.pricing": {
    description: "`flat`, `per_user` or `contract`. More words may come.",
    maxLength: 64,
    examples: ["flat"],
  },
  "plan.price": { description: "USD for each interval.", examples: ["29.00"] },
  "plan.interval": {
    description: "`month`, `year` and the like.",
    maxLength: 64,
    examples: ["month"],
  },
  "plan.support": {
    description: "The kind of support.",
    maxLength: 64,
    examples: ["standard_email"],
  },
  updated_at: {
    description: "When Zoo last changed the balance.",
    examples: ["2024-04-29T19:59:59Z"],
  },
  as_of: { description: "When the proxy had it from Zoo.", examples: ["2026-11-23T10:00:00Z"] },
  stale: {
    description: "Whether that is longer ago than the operator calls fresh.",
    examples: [false],
  },
  stale_reason: {
    description:
      "Why: `revalidating` (a new value is on its way), `upstream_unavailable`, `upstream_rejected`, `upstream_invalid`. Null when not stale. More words may come.",
  },
};

export const OF_HISTORY: Descriptions = {
  account: OF_BALANCE.account ?? {},
  currency: OF_BALANCE.currency ?? {},
  from: { description: "Where the excerpt begins.", examples: ["2026-10-25T10:00:00Z"] },
  to: { description: "Where it ends: when it was computed.", examples: ["2026-11-24T10:00:00Z"] },
  points: {
    description:
      "Oldest first. One where the balance changed, and at least one a day; after 7 days one an hour, after 90 one a day.",
    maxItems: MAX_POINTS,
  },
  "points.at": {
    description: "When the proxy had it from Zoo.",
    examples: ["2026-11-23T10:00:00Z"],
  },
  "points.available": { description: "Monthly plus prepaid, USD.", examples: ["146.72"] },
  "points.monthly": { description: "USD.", examples: ["58.93"] },
  "points.prepaid": { description: "USD.", examples: ["87.79"] },
  "points.total_due": { description: "USD.", examples: ["31.61"] },
  spend_per_day: {
    description: "The mean fall of `available` over the last 7 days, USD; rises are left out.",
    examples: ["4.20"],
  },
  lasts_until: {
    description: "When nothing is left, if it goes on so.",
    examples: ["2026-12-29T09:30:00Z"],
  },
  forecast_reason: {
    description:
      "Why there is no forecast: `not_enough_history` (less than a day of it) or `not_spending`. More words may come.",
  },
  days: {
    description:
      "What was spent on each UTC day asked for, as far as there is history; oldest first.",
    maxItems: MAX_DAYS,
  },
  "days.day": {
    description: "UTC.",
    format: "date",
    pattern: DAY.source,
    maxLength: 10,
    examples: ["2026-11-23"],
  },
  "days.spent": {
    description: "What `available` fell by, USD; rises are left out.",
    examples: ["4.20"],
  },
};

/** What `saneId` lets through (`src/observe.ts`). */
export const REQUEST_ID: Json = { type: "string", pattern: "^[\\w.:-]{1,64}$", maxLength: 64 };

export const OF_PROBLEMS: Descriptions = {
  type: { description: "A URN for each code.", maxLength: 128, format: "uri" },
  status: { description: "The HTTP status." },
  title: {
    description: "The status in words.",
    maxLength: 64,
    pattern: "^[A-Za-z ]+$",
    examples: ["Unauthorized"],
  },
  detail: { description: "Fixed text for each code.", maxLength: 256, pattern: "^[ -~]+$" },
  code: {
    description: "What to decide by. More words may come.",
    maxLength: 64,
    pattern: "^[a-z_]+$",
  },
  request_id: {
    description: "Also in `X-Request-Id` and in the operator's log.",
    ...REQUEST_ID,
    examples: ["8f1c2d3e4a5b6c7d-FRA"],
  },
};

export const HISTORY_EXAMPLE: z.input<typeof historySchema> = {
  account: "default",
  currency: "USD",
  from: "2026-11-17T10:00:00Z",
  to: "2026-11-24T10:00:00Z",
  points: [
    {
      at: "2026-11-23T10:00:00Z",
      available: "146.72",
      monthly: "58.93",
      prepaid: "87.79",
      total_due: "31.61",
    },
  ],
  spend_per_day: "4.20",
  lasts_until: "2026-12-29T09:30:00Z",
  forecast_reason: null,
  days: [{ day: "2026-11-23", spent: "4.20" }],
};

export const STATUS_EXAMPLE: z.input<typeof statusViewSchema> = {
  account: "default",
  status: "ok",
  as_of: "2026-11-23T10:00:00Z",
  stale: false,
  stale_reason: null,
};

export const BALANCE_EXAMPLE: z.input<typeof viewSchema> = {
  account: "default",
  status: "ok",
  currency: "USD",
  available: "146.72",
  low_below: "10.00",
  blocked: null,
  pay_as_you_go: null,
  monthly: { remaining: "58.93", allowance: "66.98", units: null, refreshes_at: null },
  prepaid: { remaining: "87.79", units: null, cash: "70.93" },
  total_due: "31.61",
  plan: {
    name: "free",
    title: "free",
    pricing: "contract",
    price: null,
    interval: null,
    support: "standard",
  },
  updated_at: "2024-04-29T19:59:59Z",
  as_of: "2026-11-23T10:00:00Z",
  stale: false,
  stale_reason: null,
};
