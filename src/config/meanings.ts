/** What each variable means, in one line of Markdown: the README's rows. The Worker does not need it. */
import type { VariableName } from "./variables.ts";

export const MEANINGS: Readonly<Record<VariableName, string>> = {
  ZOO_API_URL: "Base URL of Zoo's API, without path",
  ZOO_INCLUDE_TOTAL_DUE: "Ask Zoo for the amount due; Zoo answers more slowly then",
  ZOO_INCLUDE_BLOCK: "Ask Zoo whether the account is blocked",
  ZOO_TIMEOUT_MS: "Deadline of a call to Zoo, body included",
  FRESH_SECONDS: "Age up to which a value is fresh",
  REVALIDATE_SECONDS:
    "How much longer it is served at once while a refresh runs behind it (stale-while-revalidate)",
  STALE_SECONDS:
    "Age up to which it is served when Zoo fails (stale-if-error); at least `FRESH_SECONDS`",
  STALE_WAIT_MS: "How long a caller waits for Zoo when there is a stored value",
  MIN_REFRESH_SECONDS: "Least time between two calls to Zoo that callers force",
  KEEP_FRESH_SECONDS:
    "How long after its last reader an account is refreshed ahead of expiry; 0: never",
  HEDGE_MS: "How long a read waits for the shared copy before it asks the Durable Object as well",
  READY_SECONDS: "`/ready` answers 503 when an account had no successful refresh for so long",
  OBJECT_LOCATION:
    "Location hint of the accounts' Durable Objects, such as `weur`; none leaves it to Cloudflare",
  METRICS_SAMPLE:
    "One cached hit in this many is counted, with that weight; everything else always is",
  LOW_BALANCE_USD: "Below it, `status` is `low`",
  JWT_ISSUERS: "Identity providers whose tokens are accepted",
  APP_CHECK: '`{project_number, app_ids, mode: "off", "observe" or "enforce", jwks_url}`',
  CORS_ORIGINS: "Origins of web views, such as `capacitor://localhost`",
  ALERTS:
    'Receivers of alerts, one or a list of up to three: `{url, secret: "NAME_OF_SECRET" or a list of two, thresholds: ["50.00"], days: ["7"], stale_minutes: 30}`',
  ACCOUNTS:
    'Further Zoo accounts: `{name: {token: "NAME_OF_SECRET", subject: "user" or "org", location}}` (`user` when left out); `default` is `{token: "ZOO_API_TOKEN", subject: "user"}` unless given here',
};
