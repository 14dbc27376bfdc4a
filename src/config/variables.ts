/**
 * Every variable: how its text is read, its schema and its default. The type `Config`, the reader and the
 * README's rows follow from this table; what a variable means stands in `meanings.ts`, so that the words
 * do not travel with the bundle.
 */
import * as z from "zod/mini";
import { whole } from "../lib/schema.ts";
import { accountsSchema, LOCATIONS } from "./accounts.ts";
import { alertsSchema } from "./alert-targets.ts";
import { appCheckSchema } from "./app-check.ts";
import { nonNegativeAmount, origin, safeUrl } from "./fields.ts";
import { issuerSchema } from "./issuers.ts";
import type { Kind } from "./read-variable.ts";

interface Variable {
  readonly kind: Kind;
  readonly schema: z.ZodMiniType;
  /** As `wrangler.toml` would have it: it is read and checked like a given value. */
  readonly default: unknown;
}

const DAYS_400 = 400 * 86_400;
const from1 = (max: number) => whole(1, max, `must be a whole number from 1 to ${max}`);
const flag = z.boolean("must be true or false");

export const VARIABLES = {
  ZOO_API_URL: {
    kind: "text",
    // A path is appended, so a query would swallow it.
    schema: safeUrl.check(z.refine((url) => !url.includes("?"), "must have no query")),
    default: "https://api.zoo.dev",
  },
  ZOO_INCLUDE_TOTAL_DUE: {
    kind: "boolean",
    schema: flag,
    default: true,
  },
  ZOO_INCLUDE_BLOCK: {
    kind: "boolean",
    schema: flag,
    default: true,
  },
  ZOO_TIMEOUT_MS: {
    kind: "integer",
    schema: from1(60_000),
    default: 10_000,
  },
  FRESH_SECONDS: {
    kind: "integer",
    schema: from1(DAYS_400),
    default: 60,
  },
  REVALIDATE_SECONDS: {
    kind: "integer",
    schema: from1(DAYS_400),
    default: 60,
  },
  STALE_SECONDS: {
    kind: "integer",
    schema: from1(DAYS_400),
    default: 86_400,
  },
  STALE_WAIT_MS: {
    kind: "integer",
    schema: from1(60_000),
    default: 2_500,
  },
  MIN_REFRESH_SECONDS: {
    kind: "integer",
    schema: from1(86_400),
    default: 10,
  },
  KEEP_FRESH_SECONDS: {
    kind: "integer",
    schema: whole(0, DAYS_400, "must be a whole number from 0"),
    default: 900,
  },
  HEDGE_MS: {
    kind: "integer",
    schema: whole(0, 60_000, "must be a whole number from 0 to 60000"),
    default: 60,
  },
  READY_SECONDS: {
    kind: "integer",
    schema: from1(DAYS_400),
    default: 1_800,
  },
  OBJECT_LOCATION: {
    kind: "text",
    schema: z.optional(z.enum(LOCATIONS)),
    default: undefined,
  },
  METRICS_SAMPLE: {
    kind: "integer",
    schema: from1(10_000),
    default: 1,
  },
  LOW_BALANCE_USD: {
    kind: "amount",
    schema: nonNegativeAmount,
    default: "10.00",
  },
  JWT_ISSUERS: {
    kind: "json",
    schema: z.array(issuerSchema),
    default: [],
  },
  APP_CHECK: {
    kind: "app_check",
    schema: z.optional(appCheckSchema),
    default: {},
  },
  CORS_ORIGINS: {
    kind: "json",
    schema: z.array(origin),
    default: [],
  },
  ALERTS: {
    kind: "alerts",
    schema: z.optional(alertsSchema),
    default: {},
  },
  ACCOUNTS: {
    kind: "json",
    schema: accountsSchema,
    default: {},
  },
} as const satisfies Readonly<Record<string, Variable>>;

export type VariableName = keyof typeof VARIABLES;

/** The values of all variables, checked. */
export type Variables = {
  -readonly [N in VariableName]: z.output<(typeof VARIABLES)[N]["schema"]>;
};
