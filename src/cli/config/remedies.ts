/** What each variable should look like: for those who have just been told that theirs does not. */

/** A line of TOML that the Worker takes, and what to know before copying it. */
export const EXAMPLES: Readonly<Record<string, readonly [toml: string, hint: string]>> = {
  ZOO_API_URL: [
    'ZOO_API_URL = "https://api.zoo.dev"',
    "the host alone, without a path; or leave it out",
  ],
  ZOO_INCLUDE_TOTAL_DUE: ["ZOO_INCLUDE_TOTAL_DUE = true", "true or false, without quotes"],
  ZOO_INCLUDE_BLOCK: ["ZOO_INCLUDE_BLOCK = true", "true or false, without quotes"],
  ZOO_TIMEOUT_MS: ["ZOO_TIMEOUT_MS = 10000", "milliseconds"],
  FRESH_SECONDS: ["FRESH_SECONDS = 60", "seconds, a whole number"],
  REVALIDATE_SECONDS: ["REVALIDATE_SECONDS = 60", "seconds, a whole number"],
  STALE_SECONDS: ["STALE_SECONDS = 86400", "seconds, not less than FRESH_SECONDS"],
  STALE_WAIT_MS: ["STALE_WAIT_MS = 2500", "milliseconds"],
  MIN_REFRESH_SECONDS: ["MIN_REFRESH_SECONDS = 10", "seconds, a whole number"],
  KEEP_FRESH_SECONDS: ["KEEP_FRESH_SECONDS = 900", "seconds, a whole number; 0 is off"],
  HEDGE_MS: ["HEDGE_MS = 60", "milliseconds, a whole number; 0 is off"],
  READY_SECONDS: ["READY_SECONDS = 1800", "seconds, a whole number"],
  OBJECT_LOCATION: [
    'OBJECT_LOCATION = "weur"',
    "one of Cloudflare's location hints; or leave it out",
  ],
  METRICS_SAMPLE: ["METRICS_SAMPLE = 1", "a whole number; 1 counts every hit"],
  LOW_BALANCE_USD: ['LOW_BALANCE_USD = "10.00"', "US dollars, digits and a point"],
  JWT_ISSUERS: [
    'JWT_ISSUERS = [{ issuer = "https://login.example.com/", audience = "balance-api" }]',
    "issuer and audience exactly as the tokens' `iss` and `aud` have them, a final / included",
  ],
  APP_CHECK: [
    'APP_CHECK = { project_number = "123456789012", app_ids = ["1:123456789012:ios:0123456789abcdef"], mode = "observe" }',
    "from Firebase's project settings; or leave it out",
  ],
  CORS_ORIGINS: [
    'CORS_ORIGINS = ["capacitor://localhost", "https://localhost"]',
    "scheme and host as the web view sends them in `Origin`, and nothing behind",
  ],
  ALERTS: [
    'ALERTS = { url = "https://hooks.example.com/zoo", secret = "ALERTS_SECRET", thresholds = ["50.00"] }',
    "`secret` is the name of a secret, never the secret itself",
  ],
  ACCOUNTS: [
    'ACCOUNTS = { acme = { token = "ZOO_TOKEN_ACME", subject = "org" } }',
    "`token` is the name of a secret, never the token itself",
  ],
};

/** How a missing binding comes back. */
export const BINDING_REMEDY =
  "Put the binding back as it stands in the project's wrangler.toml: environments inherit none from the top.";

/** For a problem with a variable as {@link EXAMPLES} knows it; an empty text for any other name. */
export function remedyFor(variable: string): string {
  const [toml, hint] = EXAMPLES[variable] ?? [];
  return toml === undefined ? "" : `Such as: ${toml} (${hint}).`;
}

/** The nearest known name, for one that is misspelt; null when none is near. */
export function nearest(name: string, known: readonly string[]): string | null {
  const scored = known.map(
    (other) => [other, distance(name.toUpperCase(), other.toUpperCase())] as const,
  );
  const [best] = scored.sort(([, a], [, b]) => a - b);
  // Of a short name, three letters are too much to be a slip.
  const limit = Math.min(3, Math.floor(name.length / 2));
  return best !== undefined && best[1] <= limit ? best[0] : null;
}

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, n) => n);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const replace = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replace, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
