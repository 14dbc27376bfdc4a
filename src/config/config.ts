/** The environment, parsed once at the door; only the parsed one goes on. */
import * as z from "zod/mini";
import { REQUIRED_BINDINGS } from "../env.ts";
import { listOf, matching, textThat, whole } from "../lib/schema.ts";
import { hmacKeyOf } from "../lib/standard-webhooks.ts";
import { isPublicHttps, isSafeUrl } from "../lib/url.ts";
import { accountName, safeUrl, secretName, someText } from "./fields.ts";
import { issuerSchema } from "./issuers.ts";
import { describe } from "./issues.ts";
import { readVariables } from "./variables.ts";

const appCheckSchema = z.strictObject({
  project_number: matching(/^\d{1,20}$/, "must be digits"),
  app_ids: listOf(someText),
  mode: z.enum(["off", "observe", "enforce"]),
  jwks_url: z.optional(safeUrl),
});
export type AppCheck = z.infer<typeof appCheckSchema>;

/** As a browser writes it (RFC 6454, section 6.2): no path, no trailing slash, no wildcard. */
const origin = textThat(
  (text) =>
    /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@*,A-Z]+$/.test(text) &&
    (!/^https?:/.test(text) || (isSafeUrl(text) && URL.parse(text)?.origin === text)),
  "must be an origin such as https://localhost, and nothing after it",
);

/** Location hints of Durable Objects (Cloudflare, "Data location"). */
const LOCATIONS = ["wnam", "enam", "sam", "weur", "eeur", "apac", "oc", "afr", "me"] as const;
export type Location = (typeof LOCATIONS)[number];

const accountSchema = z.strictObject({
  token: secretName,
  subject: z.optional(z.enum(["user", "org"])),
  location: z.optional(z.enum(LOCATIONS)),
});

const alertsSchema = z.strictObject({
  url: textThat(isPublicHttps, "must be an https URL of a public host"),
  secret: secretName,
  thresholds: z
    .array(matching(/^\d*\.\d*[1-9]|^[1-9]/, "must be an amount, more than 0.00"))
    .check(
      z.refine(
        (list) => list.length <= 10 && new Set(list).size === list.length,
        "must be at most 10 amounts, each once",
      ),
    ),
});

const DAYS_400 = 400 * 86_400;
const wholeTo = (max: number) => whole(1, max, `must be a whole number from 1 to ${max}`);

const variablesSchema = z
  .object({
    // A path is appended to it, so a query in it would swallow that path.
    ZOO_API_URL: safeUrl.check(z.refine((url) => !url.includes("?"), "must have no query")),
    ZOO_INCLUDE_TOTAL_DUE: z.boolean("must be true or false"),
    ZOO_INCLUDE_BLOCK: z.boolean("must be true or false"),
    ZOO_TIMEOUT_MS: wholeTo(60_000),
    FRESH_SECONDS: wholeTo(DAYS_400),
    REVALIDATE_SECONDS: wholeTo(DAYS_400),
    STALE_SECONDS: wholeTo(DAYS_400),
    STALE_WAIT_MS: wholeTo(60_000),
    MIN_REFRESH_SECONDS: wholeTo(86_400),
    KEEP_FRESH_SECONDS: whole(0, DAYS_400, "must be a whole number from 0"),
    HEDGE_MS: whole(0, 60_000, "must be a whole number from 0 to 60000"),
    READY_SECONDS: wholeTo(DAYS_400),
    OBJECT_LOCATION: z.optional(z.enum(LOCATIONS)),
    LOW_BALANCE_USD: matching(/^\d/, "must be an amount, 0.00 or more"),
    JWT_ISSUERS: z.array(issuerSchema),
    APP_CHECK: z.optional(appCheckSchema),
    CORS_ORIGINS: z.array(origin),
    ALERTS: z.optional(alertsSchema),
    ACCOUNTS: z
      .catchall(z.object({}), accountSchema)
      .check(
        z.refine(
          (accounts) => Object.keys(accounts).every((name) => accountName.safeParse(name).success),
          "must have names of 1 to 64 letters, digits, dots, dashes, _",
        ),
      ),
  })
  .check(
    z.refine((v) => v.STALE_SECONDS >= v.FRESH_SECONDS, {
      path: ["STALE_SECONDS"],
      message: "is shorter than FRESH_SECONDS",
    }),
  );

/** Where webhooks go. */
export interface AlertTarget {
  readonly url: string;
  /** `whsec_` and base64, as Standard Webhooks writes it, or base64 alone. */
  readonly secret: string;
}

export interface Account {
  readonly name: string;
  readonly token: string;
  readonly subject: "user" | "org";
  /** Where its Durable Object shall stand; undefined leaves that to Cloudflare. */
  readonly location: Location | undefined;
  /**
   * Where its balance comes from: URL, subject and name of the secret (never its value). What was
   * stored from elsewhere belongs to another Zoo account, whatever its name here.
   */
  readonly source: string;
}
export type Config = Omit<z.infer<typeof variablesSchema>, "ACCOUNTS" | "ALERTS"> & {
  /** Where to tell of crossings, the secret resolved. */
  readonly alerts?: AlertTarget & { readonly thresholds: readonly string[] };
  /** Upstream accounts by name, their tokens resolved. */
  readonly accounts: ReadonlyMap<string, Account>;
};

export type ParsedConfig =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly string[] };

const parsed = new WeakMap<object, ParsedConfig>();

/**
 * Parses the variables, once per environment object.
 *
 * @returns the configuration, or what is wrong: the names of variables and the rules they break,
 *   never a value (one may be a secret)
 */
export function parseConfig(env: object): ParsedConfig {
  let result = parsed.get(env);
  if (result === undefined) {
    result = parseVariables(env);
    parsed.set(env, result);
  }
  return result;
}

function parseVariables(env: object): ParsedConfig {
  const given: Readonly<Record<string, unknown>> = { ...env };
  const { values, problems } = readVariables(given);
  const { success, data, error } = variablesSchema.safeParse(values);
  if (!success || problems.length > 0) {
    return { ok: false, problems: [...problems, ...(error?.issues ?? []).map(describe)] };
  }
  for (const binding of REQUIRED_BINDINGS) {
    if (typeof given[binding] !== "object") {
      problems.push(`${binding}: the binding is missing`);
    }
  }
  const { ACCOUNTS, ALERTS, ...variables } = data;
  const named: typeof ACCOUNTS = { default: { token: "ZOO_API_TOKEN" }, ...ACCOUNTS };
  const accounts = new Map<string, Account>();
  for (const [account, { token, subject = "user", location }] of Object.entries(named)) {
    const secret = secretSchema.safeParse(given[token]);
    const source = `${variables.ZOO_API_URL} ${subject} ${token}`;
    if (secret.success) {
      accounts.set(account, {
        name: account,
        token: secret.data,
        subject,
        location: location ?? variables.OBJECT_LOCATION,
        source,
      });
    } else problems.push(`${token}: the secret is missing or not a token (account ${account})`);
  }
  const secret = ALERTS === undefined ? undefined : given[ALERTS.secret];
  const alerts = ALERTS && { ...ALERTS, secret: typeof secret === "string" ? secret : "" };
  if (alerts !== undefined && hmacKeyOf(alerts.secret) === null) {
    problems.push(`${ALERTS?.secret}: the secret is missing or not base64 of 24 bytes (ALERTS)`);
  }
  // Off is as good as not there, for all that read it.
  const APP_CHECK = variables.APP_CHECK?.mode === "off" ? undefined : variables.APP_CHECK;
  return problems.length > 0
    ? { ok: false, problems }
    : { ok: true, config: { ...variables, APP_CHECK, accounts, ...(alerts && { alerts }) } };
}

/** What can stand in an Authorization header (RFC 6750, `b64token` and a little more). */
const secretSchema = matching(/^[\x21-\x7e]{1,4096}$/, "must be a token");
