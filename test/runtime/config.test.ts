import { describe, expect, test } from "vitest";
import { type Config, parseConfig } from "../../src/config/config.ts";
import { ASYMMETRIC } from "../../src/config/issuers.ts";

const TOKEN = "zoo_canary_token";
const CANARY = "canary-value-that-no-problem-may-hold";

/** As far as parsing looks at them. */
const BINDINGS = { BALANCE_KV: {}, API_KEYS: {}, ACCOUNT_BALANCE: {}, ISSUER_KEYS: {} };

function parse(variables: Record<string, unknown>): Config {
  const parsed = parseConfig({ ...BINDINGS, ZOO_API_TOKEN: TOKEN, ...variables });
  if (!parsed.ok) throw new Error(parsed.problems.join("; "));
  return parsed.config;
}

/** What is wrong, and in no case what the value was. */
function problems(variables: Record<string, unknown>): string {
  const parsed = parseConfig({ ...BINDINGS, ZOO_API_TOKEN: TOKEN, ...variables });
  if (parsed.ok) throw new Error("parsed");
  const text = parsed.problems.join("\n");
  expect(text).not.toContain(CANARY);
  expect(text).not.toContain(TOKEN);
  return text;
}

const account = (name: string, token: string, subject = "user", secret = "ZOO_API_TOKEN") => ({
  name,
  token,
  tokenName: secret,
  subject,
  location: undefined,
  source: `https://api.zoo.dev ${subject} ${secret}`,
});

const ISSUER = { issuer: "https://id.example.com", audience: "app" };

test("with no variable set, every default of the table applies", () => {
  expect(parse({})).toEqual({
    ZOO_API_URL: "https://api.zoo.dev",
    ZOO_INCLUDE_TOTAL_DUE: true,
    ZOO_INCLUDE_BLOCK: true,
    ZOO_TIMEOUT_MS: 10_000,
    KEEP_FRESH_SECONDS: 900,
    HEDGE_MS: 60,
    METRICS_SAMPLE: 1,
    READY_SECONDS: 1_800,
    OBJECT_LOCATION: undefined,
    FRESH_SECONDS: 60,
    REVALIDATE_SECONDS: 60,
    STALE_SECONDS: 86_400,
    STALE_WAIT_MS: 2_500,
    MIN_REFRESH_SECONDS: 10,
    LOW_BALANCE_USD: "10.00",
    JWT_ISSUERS: [],
    APP_CHECK: undefined,
    CORS_ORIGINS: [],
    alerts: [],
    accounts: new Map([["default", account("default", TOKEN)]]),
  });
});

test("JSON text and TOML values parse to the same configuration, and blank text means the default", () => {
  const ACCOUNTS = { acme: { token: "ACME_TOKEN", subject: "org" } };
  const values = { JWT_ISSUERS: [ISSUER], ACCOUNTS, FRESH_SECONDS: 5, ACME_TOKEN: "t" };
  const strings = {
    JWT_ISSUERS: JSON.stringify([ISSUER]),
    ACCOUNTS: JSON.stringify(ACCOUNTS),
    FRESH_SECONDS: "5",
    ACME_TOKEN: "t",
  };
  expect(parse(strings)).toEqual(parse(values));
  expect(parse({ JWT_ISSUERS: "", ACCOUNTS: " " })).toEqual(parse({}));
});

test.each([
  [true, true],
  [false, false],
  ["true", true],
  ["false", false],
  ["1", true],
  ["0", false],
])("ZOO_INCLUDE_TOTAL_DUE = %o is read as %s", (value, expected) => {
  expect(parse({ ZOO_INCLUDE_TOTAL_DUE: value }).ZOO_INCLUDE_TOTAL_DUE).toBe(expected);
});

test.each(["http://localhost:8787", "http://127.0.0.1:1", "http://[::1]:1", "https://a.example"])(
  "%s is accepted as the URL of Zoo, an issuer and a key set",
  (url) => {
    expect(parse({ ZOO_API_URL: url }).ZOO_API_URL).toBe(url);
    const jwks_url = `${url}/jwks`;
    const issuers = parse({ JWT_ISSUERS: [{ ...ISSUER, issuer: url, jwks_url }] }).JWT_ISSUERS;
    expect(issuers[0]).toMatchObject({ issuer: url, jwks_url });
  },
);

test.each([
  `http://${CANARY}.example`,
  `http://localhost.${CANARY}.example`,
  `https://user:${CANARY}@a.example`,
  `https://${CANARY}@a.example`,
  `ftp://${CANARY}`,
  `javascript:${CANARY}`,
  CANARY,
  "",
  "https://",
  "https://a.example/#",
  "https://a.example ",
  "https://a.exam\nple",
])("%o is refused as a URL everywhere, without being quoted", (url) => {
  expect(problems({ ZOO_API_URL: url })).toContain("ZOO_API_URL");
  expect(problems({ JWT_ISSUERS: [{ ...ISSUER, issuer: url }] })).toContain("JWT_ISSUERS.0.issuer");
  const jwks = problems({ JWT_ISSUERS: [{ ...ISSUER, jwks_url: url }] });
  expect(jwks).toContain("JWT_ISSUERS.0.jwks_url");
});

test.each([
  "ZOO_TIMEOUT_MS",
  "FRESH_SECONDS",
  "REVALIDATE_SECONDS",
  "STALE_SECONDS",
  "STALE_WAIT_MS",
  "MIN_REFRESH_SECONDS",
])("%s takes whole numbers from 1 and refuses everything else", (name) => {
  const long = { FRESH_SECONDS: 1, [name]: "1" };
  expect(parse(long)).toMatchObject({ [name]: 1 });
  for (const value of [0, -1, 1.5, "1.5", "", CANARY, Number.NaN, "1e99", null, [CANARY], {}]) {
    expect(problems({ [name]: value })).toContain(name);
  }
});

test("a boolean is refused as a duration", () => {
  expect(problems({ FRESH_SECONDS: true })).toContain("FRESH_SECONDS");
});

test("STALE_SECONDS may equal FRESH_SECONDS but not be shorter", () => {
  expect(parse({ FRESH_SECONDS: 9, STALE_SECONDS: 9 }).STALE_SECONDS).toBe(9);
  expect(problems({ FRESH_SECONDS: 10, STALE_SECONDS: 9 })).toContain("STALE_SECONDS");
});

test("LOW_BALANCE_USD is read as an exact amount, and anything else is refused", () => {
  expect(parse({ LOW_BALANCE_USD: "5" }).LOW_BALANCE_USD).toBe("5.00");
  expect(parse({ LOW_BALANCE_USD: 25 }).LOW_BALANCE_USD).toBe("25.00");
  expect(parse({ LOW_BALANCE_USD: 5.5 }).LOW_BALANCE_USD).toBe("5.50");
  for (const LOW_BALANCE_USD of ["-1", -1, CANARY, "", "1e400", Number.NaN, 1e300, null, []]) {
    expect(problems({ LOW_BALANCE_USD })).toContain("LOW_BALANCE_USD");
  }
});

describe("JWT_ISSUERS", () => {
  const jwks_url = "https://id.example.com/jwks";

  test.each([
    "accounts.google.com",
    "my-project",
    "http://sts.corp.example/adfs/services/trust",
    "urn:example:issuer",
    "https://user@id.example.com/#x",
  ])(
    "takes %s for a name of an issuer when jwks_url is given, else it must be a safe URL",
    (issuer) => {
      const entry = { ...ISSUER, issuer };
      expect(parse({ JWT_ISSUERS: [{ ...entry, jwks_url }] }).JWT_ISSUERS[0]).toMatchObject(entry);
      expect(problems({ JWT_ISSUERS: [entry] })).toContain(
        "JWT_ISSUERS.0.issuer: must be an https URL (http only to loopback) unless jwks_url is given",
      );
      expect(problems({ JWT_ISSUERS: [{ ...entry, issuer: "", jwks_url }] })).toContain("0.issuer");
    },
  );

  test("takes a claim as a name or a path, and audiences as a text or a list", () => {
    const entry = {
      ...ISSUER,
      audience: ["ios", "android"],
      audience_claim: "azp",
      scope: "read",
      scope_claims: ["permissions", ["realm_access", "roles"]],
      account: "default",
      account_claim: ["app_metadata", "zoo_account"],
    };
    expect(parse({ JWT_ISSUERS: [entry] }).JWT_ISSUERS).toEqual([entry]);
    for (const name of ["audience", "audience_claim", "scope_claims", "account_claim"]) {
      for (const value of ["", [], [""], 7, [7], {}, null, [[[CANARY]]]]) {
        const JWT_ISSUERS = [{ ...ISSUER, [name]: value }];
        expect(problems({ JWT_ISSUERS })).toContain(`JWT_ISSUERS.0.${name}`);
      }
    }
  });

  test("accepts asymmetric algorithms only", () => {
    expect(parse({ JWT_ISSUERS: [ISSUER] }).JWT_ISSUERS[0]?.algorithms).toBeUndefined();
    expect(ASYMMETRIC.filter((name) => /^HS|none/i.test(name))).toEqual([]);
    for (const algorithm of ["HS256", "HS384", "HS512", "none", "NONE", "", CANARY]) {
      const JWT_ISSUERS = [{ ...ISSUER, algorithms: ["RS256", algorithm] }];
      expect(problems({ JWT_ISSUERS })).toContain("JWT_ISSUERS.0.algorithms.1");
    }
    expect(problems({ JWT_ISSUERS: [{ ...ISSUER, algorithms: [] }] })).toContain("algorithms");
  });

  test.each([
    [{ ...ISSUER, audiance: CANARY }],
    [{ issuer: ISSUER.issuer }],
    [{ audience: "app" }],
    [{ ...ISSUER, audience: "" }],
    [{ ...ISSUER, account: `${CANARY} with spaces` }],
    [CANARY],
    [null],
  ])("refuses the entry %o, naming its position", (entry) => {
    expect(problems({ JWT_ISSUERS: [entry] })).toContain("JWT_ISSUERS.0");
    expect(problems({ JWT_ISSUERS: JSON.stringify([entry]) })).toContain("JWT_ISSUERS.0");
  });

  test.each([`[{"issuer":"${CANARY}"`, CANARY, `"${CANARY}"`, "5", "{}", "null"])(
    "refuses the text %o, which is not a JSON list of entries",
    (text) => {
      expect(problems({ JWT_ISSUERS: text })).toContain("JWT_ISSUERS");
    },
  );
});

describe("ACCOUNTS", () => {
  test("adds accounts, with their tokens, to the default account", () => {
    const ACCOUNTS = { acme: { token: "ACME_TOKEN" }, "o.r-g_1": { token: "ORG", subject: "org" } };
    expect([...parse({ ACCOUNTS, ACME_TOKEN: "a", ORG: "b" }).accounts]).toEqual([
      ["default", account("default", TOKEN)],
      ["acme", account("acme", "a", "user", "ACME_TOKEN")],
      ["o.r-g_1", account("o.r-g_1", "b", "org", "ORG")],
    ]);
  });

  test("an entry named default replaces the default account", () => {
    const ACCOUNTS = { default: { token: "ORG", subject: "org" } };
    const { accounts } = parse({ ACCOUNTS, ORG: "b" });
    expect(accounts.get("default")).toEqual(account("default", "b", "org", "ORG"));
  });

  test("a missing secret is reported by its name", () => {
    expect(problems({ ZOO_API_TOKEN: undefined })).toContain("ZOO_API_TOKEN");
    expect(problems({ ZOO_API_TOKEN: "" })).toContain("ZOO_API_TOKEN");
    expect(problems({ ACCOUNTS: { acme: { token: "ACME_TOKEN" } } })).toContain("ACME_TOKEN");
  });

  test.each([`${CANARY}\n`, `a ${CANARY}`, `${CANARY}é`, 5, null, {}])(
    "%o is refused as a token, without being quoted",
    (secret) => {
      expect(problems({ ZOO_API_TOKEN: secret })).toContain("ZOO_API_TOKEN");
    },
  );

  test.each([
    [{ acme: { token: CANARY } }],
    [{ acme: { token: "T", subject: CANARY } }],
    [{ acme: { token: "T", extra: CANARY } }],
    [{ acme: CANARY }],
    [[CANARY]],
    [CANARY],
  ])("refuses the value %o", (ACCOUNTS) => {
    expect(problems({ ACCOUNTS, T: "t" })).toContain("ACCOUNTS");
  });
});

const ALERTS = { url: "https://hooks.example.com/", secret: "HOOK", thresholds: ["10.00"] };

const HOOK = `whsec_${btoa("x".repeat(32))}`;

test("ALERTS takes thresholds and days as text or number, and an empty one means no alerts", () => {
  const thresholds = ["50", 10, "0.5"];
  const days = ["7", 2, "0.5"];
  const { url } = ALERTS;
  expect(parse({ ALERTS: { ...ALERTS, thresholds, days }, HOOK }).alerts).toEqual([
    {
      url,
      secrets: [HOOK],
      thresholds: ["50.00", "10.00", "0.50"],
      days: [7, 2, 0.5],
      staleMinutes: 30,
    },
  ]);
  for (const none of [undefined, {}, "", "{}", [], "[]"]) {
    expect(parse({ ALERTS: none }).alerts).toEqual([]);
  }
});

test("ALERTS takes up to three receivers, each with one secret or, in a rotation, two", () => {
  const second = { ...ALERTS, url: "https://b.example/", secret: ["HOOK", "HOOK_2"] };
  const given = JSON.stringify([ALERTS, { ...second, stale_minutes: 0 }]);
  const HOOK_2 = btoa("y".repeat(32));
  const { alerts } = parse({ ALERTS: given, HOOK, HOOK_2 });
  expect(alerts.map(({ url, secrets, staleMinutes }) => [url, secrets, staleMinutes])).toEqual([
    [ALERTS.url, [HOOK], 30],
    [second.url, [HOOK, HOOK_2], 0],
  ]);
});

test.each<[Record<string, unknown>, string]>([
  [{ FRESH_SECONDS: "abc" }, "FRESH_SECONDS: must be a whole number from 1 to 34560000"],
  [{ ZOO_TIMEOUT_MS: 60_001 }, "ZOO_TIMEOUT_MS: must be a whole number from 1 to 60000"],
  [{ ZOO_API_URL: "https://a:b@c.example" }, "without user name"],
  [{ ZOO_API_URL: "https://c.example/?x=1" }, "ZOO_API_URL: must have no query"],
  [{ JWT_ISSUERS: [{ ...ISSUER, jwks: "x" }] }, "JWT_ISSUERS.0: has an unknown key: jwks"],
  [
    { JWT_ISSUERS: [{ issuer: ISSUER.issuer }] },
    "JWT_ISSUERS.0.audience: must be a text or a list of texts",
  ],
  [{ ACCOUNTS: { a: { token: "T", subject: "team" } } }, "ACCOUNTS.a.subject: must be user or org"],
  [{ ACCOUNTS: { a: { token: "api-123" } } }, "must be the NAME_OF_A_SECRET, not the secret"],
  [
    { APP_CHECK: { project_number: "1", app_ids: [], mode: "off" } },
    "APP_CHECK.app_ids: must hold 1",
  ],
  [{ APP_CHECK: { project_number: 1, app_ids: ["a"], mode: "on" } }, "must be off or observe or"],
  [{ CORS_ORIGINS: ["https://localhost/"] }, "CORS_ORIGINS.0: must be an origin"],
  [{ CORS_ORIGINS: ["*"] }, "CORS_ORIGINS.0: must be an origin"],
  [{ CORS_ORIGINS: ["http://app.example.com"] }, "CORS_ORIGINS.0: must be an origin"],
  [{ CORS_ORIGINS: "capacitor://localhost" }, "CORS_ORIGINS: is not JSON"],
  [
    { ALERTS: { ...ALERTS, url: "http://127.0.0.1/" } },
    "ALERTS.url: must be an https URL of a pub",
  ],
  [{ ALERTS: { ...ALERTS, thresholds: ["0.00"] } }, "ALERTS.thresholds.0: must be an amount, more"],
  [{ ALERTS: { ...ALERTS, thresholds: ["1", "1.00"] } }, "ALERTS.thresholds: must be at most 10"],
  [{ ALERTS: { ...ALERTS, thresholds: "10" } }, "ALERTS.thresholds: must be given as array"],
  [{ ALERTS: [ALERTS, { ...ALERTS, url: "x" }] }, "ALERTS.1.url: must be an https URL of a pub"],
  [{ ALERTS: [ALERTS, ALERTS, ALERTS, ALERTS] }, "ALERTS: must hold 1 to 3"],
  [{ ALERTS: { ...ALERTS, days: ["0"] } }, "ALERTS.days.0: must be a number of days"],
  [{ ALERTS: { ...ALERTS, days: [7, "7"] } }, "ALERTS.days: must be at most 10 numbers of days"],
  [{ ALERTS: { ...ALERTS, stale_minutes: -1 } }, "ALERTS.stale_minutes: must be a whole number"],
  [{ ALERTS: { ...ALERTS, secret: ["A", "B", "C"] } }, "ALERTS.secret: must hold 1 to 2"],
  [{ ALERTS: { ...ALERTS, secret: ["HOOK", "GONE"] }, HOOK }, "GONE: the secret is missing or not"],
  [{ ALERTS: { ...ALERTS, more: 1 } }, "ALERTS: has an unknown key: more"],
  [{ ALERTS: "x" }, "ALERTS: is not JSON"],
  [{ ALERTS: 5 }, "ALERTS: must be given as object"],
  [{ ALERTS }, "HOOK: the secret is missing or not base64 of 24 bytes (ALERTS)"],
  [{ ALERTS, HOOK: CANARY }, "HOOK: the secret is missing or not base64 of 24 bytes (ALERTS)"],
  [{ JWT_ISSUERS: [{ ...ISSUER, scope: ["a", "b"] }] }, "JWT_ISSUERS.0.scope: must be text"],
  // Found by fuzzing.
  [{ APP_CHECK: { mode: 1n } }, "APP_CHECK.project_number: must be digits"],
  [{ API_KEYS: undefined }, "API_KEYS: the binding is missing"],
])("%o is refused with the variable and the rule it breaks", (variables, expected) => {
  expect(problems(variables)).toContain(expected);
});

test("everything that is wrong is reported at once, malformed entries included", () => {
  const text = problems({
    FRESH_SECONDS: "abc",
    LOW_BALANCE_USD: "10,00",
    CORS_ORIGINS: "not JSON",
    JWT_ISSUERS: [{ ...ISSUER, audience: "" }],
    ACCOUNTS: { acme: { token: "ACME_TOKEN" }, typo: { tokn: "TYPO_TOKEN" } },
    ALERTS: { ...ALERTS, url: "http://127.0.0.1/" },
    ZOO_API_TOKEN: undefined,
    BALANCE_KV: undefined,
  });
  expect(text.split("\n").map((line) => line.split(":")[0])).toEqual([
    "FRESH_SECONDS",
    "LOW_BALANCE_USD",
    "JWT_ISSUERS.0.audience",
    "CORS_ORIGINS",
    "ALERTS.url",
    "ACCOUNTS.typo.token",
    "ACCOUNTS.typo",
    "BALANCE_KV",
    "ZOO_API_TOKEN",
    "ACME_TOKEN",
    "HOOK",
  ]);
});

test("CORS_ORIGINS accepts the origins of web views", () => {
  const CORS_ORIGINS = ["capacitor://localhost", "ionic://localhost", "http://localhost:8100"];
  expect(parse({ CORS_ORIGINS: JSON.stringify(CORS_ORIGINS) }).CORS_ORIGINS).toEqual(CORS_ORIGINS);
});

test("APP_CHECK accepts the project number as text or number", () => {
  for (const project_number of ["123456789012", 123456789012]) {
    const APP_CHECK = { project_number, app_ids: ["1:1:ios:a"], mode: "enforce" };
    expect(parse({ APP_CHECK }).APP_CHECK).toEqual({
      ...APP_CHECK,
      project_number: "123456789012",
    });
  }
});
