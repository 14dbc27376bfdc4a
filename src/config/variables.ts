/**
 * Every variable: how its text is read, its schema, its default and its meaning. The type `Config`, the
 * reader and the README's rows follow from this table.
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
  /** One line of Markdown. */
  readonly meaning: string;
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
    meaning: "Base URL of Zoo's API, without path",
  },
  ZOO_INCLUDE_TOTAL_DUE: {
    kind: "boolean",
    schema: flag,
    default: true,
    meaning: "Ask Zoo for the amount due; Zoo answers more slowly then",
  },
  ZOO_INCLUDE_BLOCK: {
    kind: "boolean",
    schema: flag,
    default: true,
    meaning: "Ask Zoo whether the account is blocked",
  },
  ZOO_TIMEOUT_MS: {
    kind: "integer",
    schema: from1(60_000),
    default: 10_000,
    meaning: "Deadline of a call to Zoo, body included",
  },
  FRESH_SECONDS: {
    kind: "integer",
    schema: from1(DAYS_400),
    default: 60,
    meaning: "Age up to which a value is fresh",
  },
  REVALIDATE_SECONDS: {
    kind: "integer",
    schema: from1(DAYS_400),
    default: 60,
    meaning:
      "How much longer it is served at once while a refresh runs behind it (stale-while-revalidate)",
  },
  STALE_SECONDS: {
    kind: "integer",
    schema: from1(DAYS_400),
    default: 86_400,
    meaning:
      "Age up to which it is served when Zoo fails (stale-if-error); at least `FRESH_SECONDS`",
  },
  STALE_WAIT_MS: {
    kind: "integer",
    schema: from1(60_000),
    default: 2_500,
    meaning: "How long a caller waits for Zoo when there is a stored value",
  },
  MIN_REFRESH_SECONDS: {
    kind: "integer",
    schema: from1(86_400),
    default: 10,
    meaning: "Least time between two calls to Zoo that callers force",
  },
  KEEP_FRESH_SECONDS: {
    kind: "integer",
    schema: whole(0, DAYS_400, "must be a whole number from 0"),
    default: 900,
    meaning: "How long after its last reader an account is refreshed ahead of expiry; 0: never",
  },
  HEDGE_MS: {
    kind: "integer",
    schema: whole(0, 60_000, "must be a whole number from 0 to 60000"),
    default: 60,
    meaning: "How long a read waits for the shared copy before it asks the Durable Object as well",
  },
  READY_SECONDS: {
    kind: "integer",
    schema: from1(DAYS_400),
    default: 1_800,
    meaning: "`/ready` answers 503 when an account had no successful refresh for so long",
  },
  OBJECT_LOCATION: {
    kind: "text",
    schema: z.optional(z.enum(LOCATIONS)),
    default: undefined,
    meaning:
      "Location hint of the accounts' Durable Objects, such as `weur`; none leaves it to Cloudflare",
  },
  LOW_BALANCE_USD: {
    kind: "amount",
    schema: nonNegativeAmount,
    default: "10.00",
    meaning: "Below it, `status` is `low`",
  },
  JWT_ISSUERS: {
    kind: "json",
    schema: z.array(issuerSchema),
    default: [],
    meaning: "Identity providers whose tokens are accepted",
  },
  APP_CHECK: {
    kind: "app_check",
    schema: z.optional(appCheckSchema),
    default: {},
    meaning: '`{project_number, app_ids, mode: "off", "observe" or "enforce", jwks_url}`',
  },
  CORS_ORIGINS: {
    kind: "json",
    schema: z.array(origin),
    default: [],
    meaning: "Origins of web views, such as `capacitor://localhost`",
  },
  ALERTS: {
    kind: "alerts",
    schema: z.optional(alertsSchema),
    default: {},
    meaning:
      'Receivers of alerts, one or a list of up to three: `{url, secret: "NAME_OF_SECRET" or a list of two, thresholds: ["50.00"], days: ["7"], stale_minutes: 30}`',
  },
  ACCOUNTS: {
    kind: "json",
    schema: accountsSchema,
    default: {},
    meaning:
      'Further Zoo accounts: `{name: {token: "NAME_OF_SECRET", subject: "user" or "org", location}}` (`user` when left out); `default` is `{token: "ZOO_API_TOKEN", subject: "user"}` unless given here',
  },
} as const satisfies Readonly<Record<string, Variable>>;

export type VariableName = keyof typeof VARIABLES;

/** The values of all variables, checked. */
export type Variables = {
  -readonly [N in VariableName]: z.output<(typeof VARIABLES)[N]["schema"]>;
};
