/** What `npm run config` and the gate say of mistakes that operators make. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "smol-toml";
import { describe, expect, test } from "vitest";
import { checkConfig } from "../../src/cli/config/check.ts";
import type { Finding } from "../../src/cli/config/finding.ts";
import { ENTRY_KEYS } from "../../src/cli/config/keys-of-entries.ts";
import { EXAMPLES } from "../../src/cli/config/remedies.ts";
import { ENVIRONMENT_KEYS } from "../../src/cli/config/tables.ts";
import { whyUnseen } from "../../src/cli/config/unseen.ts";
import { workerNameOf } from "../../src/cli/config/worker-name.ts";
import { VARIABLES } from "../../src/config/variables.ts";

const ORIGINAL = await readFile("wrangler.toml", "utf8");
const SECTION = "[env.production.vars]\n";

/** The project's own file with other variables in production. */
function withVars(vars: string): string {
  const [before = "", after = ""] = ORIGINAL.split(SECTION);
  return `${before}${SECTION}${vars}\n${after.replace(/^JWT_ISSUERS = \[\]\n/, "")}`;
}

const lineOf = (text: string, part: string) => text.slice(0, text.indexOf(part)).split("\n").length;
const REQUIRED = lineOf(ORIGINAL, 'required = ["');

const check = (text: string, secrets: ReadonlyMap<string, string | null> | null = null) =>
  checkConfig({ text, environment: "production", secrets });
const errorsOf = (findings: readonly Finding[]) =>
  findings.filter(({ level }) => level === "error");

const ISSUER = 'issuer = "https://login.example.com/", audience = "balance"';

/** A mistake, and the variable, line of `[env.production.vars]` (0: of `required`) and words of what is said. */
const MISTAKES: readonly (readonly [vars: string, name: string, line: number, words: string])[] = [
  ['ZOO_API_URL = "api.zoo.dev"', "ZOO_API_URL", 1, "https"],
  ['ZOO_API_URL = "http://api.zoo.dev"', "ZOO_API_URL", 1, "https"],
  ['ZOO_API_URL = "https://api.zoo.dev/user/payment/balance"', "ZOO_API_URL", 1, "path"],
  ['ZOO_API_URL = "https://api.zoo.dev/?a=1"', "ZOO_API_URL", 1, "query"],
  ['ZOO_API_URL = "https://me:secret@api.zoo.dev"', "ZOO_API_URL", 1, "user name"],
  ["ZOO_API_URL = 1", "ZOO_API_URL", 1, "must"],
  ['ZOO_INCLUDE_TOTAL_DUE = "yes"', "ZOO_INCLUDE_TOTAL_DUE", 1, "true or false"],
  ["ZOO_TIMEOUT_MS = 10", "ZOO_TIMEOUT_MS", 1, "3000 ms"],
  ["ZOO_TIMEOUT_MS = 0", "ZOO_TIMEOUT_MS", 1, "whole number"],
  ["ZOO_TIMEOUT_MS = 10.5", "ZOO_TIMEOUT_MS", 1, "whole number"],
  ['ZOO_TIMEOUT_MS = "10s"', "ZOO_TIMEOUT_MS", 1, "whole number"],
  ["FRESH_SECONDS = -1", "FRESH_SECONDS", 1, "whole number"],
  ['FRESH_SECONDS = "1 minute"', "FRESH_SECONDS", 1, "whole number"],
  ["FRESH_SECONDS = 60\nSTALE_SECONDS = 30", "STALE_SECONDS", 2, "FRESH_SECONDS"],
  ["REVALIDATE_SECONDS = true", "REVALIDATE_SECONDS", 1, "whole number"],
  ["STALE_WAIT_MS = 100000", "STALE_WAIT_MS", 1, "60000"],
  ["MIN_REFRESH_SECONDS = 100000", "MIN_REFRESH_SECONDS", 1, "86400"],
  ['LOW_BALANCE_USD = "ten"', "LOW_BALANCE_USD", 1, "amount"],
  ['LOW_BALANCE_USD = "-1.00"', "LOW_BALANCE_USD", 1, "amount"],
  ["FRESH_SECOND = 60", "FRESH_SECOND", 1, "FRESH_SECONDS"],
  ["JWT_ISUERS = []", "JWT_ISUERS", 1, "JWT_ISSUERS"],
  ["COLOUR = 'red'", "COLOUR", 1, "no such variable"],
  ['JWT_ISSUERS = "[{"', "JWT_ISSUERS", 1, "JSON"],
  [`JWT_ISSUERS = { ${ISSUER} }`, "JWT_ISSUERS", 1, "array"],
  ['JWT_ISSUERS = [{ issuer = "https://a.example/" }]', "JWT_ISSUERS.0.audience", 1, "must"],
  [
    'JWT_ISSUERS = [{ issuer = "https://a.example/", audience = "" }]',
    "JWT_ISSUERS.0.audience",
    1,
    "empty",
  ],
  [
    `JWT_ISSUERS = [\n  { ${ISSUER} },\n  { ${ISSUER}, jwks = "https://a.example" },\n]`,
    "JWT_ISSUERS.1",
    1,
    "jwks",
  ],
  [
    `JWT_ISSUERS = [\n  { ${ISSUER}, scope = "read" },\n  { ${ISSUER}, scope = "read write" },\n]`,
    "JWT_ISSUERS.1.scope",
    3,
    "space",
  ],
  [
    `JWT_ISSUERS = [{ ${ISSUER}, account = "acme" }]`,
    "JWT_ISSUERS.0.account",
    1,
    "no such account",
  ],
  [`JWT_ISSUERS = [{ ${ISSUER}, account = "a b" }]`, "JWT_ISSUERS.0.account", 1, "letters"],
  [
    `JWT_ISSUERS = [{ ${ISSUER}, account_claim = "org" }]`,
    "JWT_ISSUERS.0.account_claim",
    1,
    "ACCOUNTS is empty",
  ],
  [`JWT_ISSUERS = [{ ${ISSUER} }, { ${ISSUER} }]`, "JWT_ISSUERS.1", 1, "entry 0 again"],
  [
    `JWT_ISSUERS = [{ ${ISSUER}, algorithms = ["HS256"] }]`,
    "JWT_ISSUERS.0.algorithms.0",
    1,
    "RS256",
  ],
  [
    `[[env.production.vars.JWT_ISSUERS]]\n${ISSUER.replace(", ", "\n")}\njwks_url = "http://a.example"`,
    "JWT_ISSUERS.0.jwks_url",
    4,
    "https",
  ],
  ['APP_CHECK = { project_number = "my-app" }', "APP_CHECK.project_number", 1, "digits"],
  [
    'APP_CHECK = { project_number = "1", app_ids = ["a"], mode = "on" }',
    "APP_CHECK.mode",
    1,
    "observe",
  ],
  ['CORS_ORIGINS = ["*"]', "CORS_ORIGINS.0", 1, "origin"],
  ['CORS_ORIGINS = "*"', "CORS_ORIGINS", 1, "not possible"],
  ['CORS_ORIGINS = ["https://app.example.com/"]', "CORS_ORIGINS.0", 1, "nothing after"],
  ['CORS_ORIGINS = "https://localhost"', "CORS_ORIGINS", 1, "JSON"],
  ['[env.production.vars.ALERTS]\nurl = "http://a.example"', "ALERTS.url", 2, "https"],
  [
    '[env.production.vars.ALERTS]\nurl = "https://a.example"\nsecret = "whsec_abc"',
    "ALERTS.secret",
    3,
    "NAME_OF_A_SECRET",
  ],
  [
    'ALERTS = { url = "https://a.example", secret = "ALERTS_SECRET", thresholds = ["0"] }',
    "ALERTS.thresholds.0",
    1,
    "more than 0.00",
  ],
  [
    'ALERTS = { url = "https://a.example", secret = "ALERTS_SECRET", thresholds = ["5.00"] }',
    "ALERTS_SECRET",
    0,
    "secrets.required",
  ],
  ['ACCOUNTS = { acme = { token = "ZOO_TOKEN_ACME" } }', "ZOO_TOKEN_ACME", 0, "secrets.required"],
  ['ACCOUNTS = { acme = { token = "api-0000" } }', "ACCOUNTS.acme.token", 1, "NAME_OF_A_SECRET"],
  ['ACCOUNTS = { "a b" = { token = "T" } }', "ACCOUNTS", 1, "letters"],
  [
    'ACCOUNTS = { acme = { token = "ZOO_API_TOKEN", subject = "team" } }',
    "ACCOUNTS.acme.subject",
    1,
    "user or org",
  ],
  ['ZOO_API_TOKEN = "api-12345678"', "ZOO_API_TOKEN", 1, "everybody"],
  ['ALERTS_SECRET = "whsec_abcdefgh"', "ALERTS_SECRET", 1, "everybody"],
  ['LOW_BALANCE_USD = "zbp_abcdefghijklmnopqrstuvwx"', "LOW_BALANCE_USD", 1, "everybody"],
];

describe("every mistake is refused with its variable, its line and a remedy", () => {
  const first = lineOf(ORIGINAL, SECTION) + 1;
  test.each(MISTAKES)("%s", (vars, name, line, words) => {
    const found = errorsOf(check(withVars(vars))).filter((finding) => finding.name === name);
    expect(found.map(({ problem, remedy }) => problem + remedy).join()).toContain(words);
    expect(found.map((finding) => finding.line)).toContain(
      line === 0 ? REQUIRED : first + line - 1,
    );
    for (const { remedy } of found) expect(remedy).toMatch(/\w{3}.*[.)]$/s);
  });

  test("no finding repeats a value that may be a secret", () => {
    const said = check(
      withVars('ZOO_API_TOKEN = "api-12345678"\nACCOUNTS = { a = { token = "api-77" } }'),
    );
    expect(JSON.stringify(said)).not.toMatch(/api-12345678|api-77/);
  });
});

describe("a table or key that wrangler would pass over", () => {
  test.each([
    ["[env.production.var]", SECTION, "env.production.var", "[env.production.vars]"],
    ["[env.prod.vars]", SECTION, "env.prod.vars", "[env.production]"],
    ["[env.prodution.vars]", SECTION, "env.prodution.vars", "[env.production]"],
    ["cron = [", "crons = [", "env.production.triggers.cron", "crons"],
    ["route_s = [", "routes = [", "env.production.route_s", "routes"],
    ["FRESH_SECONDS = [", "routes = [", "env.production.FRESH_SECONDS", "production.vars]"],
    ["require = [", "required = [", "env.production.secrets.require", "required"],
    ["bindings_of = [", "routes = [", "env.production.bindings_of", "There are: access"],
  ])("%s is refused, with what was meant", (wrong, right, name, meant) => {
    const text = ORIGINAL.replace(right, right.startsWith("[") ? `${wrong}\n` : wrong);
    const found = errorsOf(check(text)).filter((finding) => finding.name === name);
    expect(found).toMatchObject([
      { line: lineOf(text, wrong), remedy: expect.stringContaining(meant) },
    ]);
  });

  test("another environment that has bindings is none of them, however it is called", () => {
    const other = ORIGINAL.replaceAll("env.production", "env.prod");
    const both = ORIGINAL + other.slice(other.indexOf("[env.prod]"));
    expect(errorsOf(check(both))).toEqual([]);
  });

  test("is whatever wrangler's own schema does not have", async () => {
    const schema = JSON.parse(await readFile("node_modules/wrangler/config-schema.json", "utf8"));
    const { properties } = schema.definitions.RawEnvironment;
    expect(ENVIRONMENT_KEYS).toEqual(Object.keys(properties).sort());
  });
});

describe("routes", () => {
  const ROUTES = 'routes = [{ pattern = "balance.example.com", custom_domain = true }]';
  const line = lineOf(ORIGINAL, ROUTES);
  const found = (routes: string) =>
    check(ORIGINAL.replace(ROUTES, routes)).filter(({ name }) => name.startsWith("routes"));

  test.each([
    ['routes = [{ pattern = "https://balance.acme.dev", custom_domain = true }]', "scheme"],
    ['routes = [{ pattern = "balance.acme.dev/*", custom_domain = true }]', "path"],
    ['routes = [{ pattern = "*.acme.dev", custom_domain = true }]', "`*`"],
    ['routes = [{ pattern = "balance.acme.dev:443", custom_domain = true }]', "host"],
    ['routes = [{ pattern = "balance", custom_domain = true }]', "host"],
    ['routes = [{ pattern = "balance.acme.dev" }]', "custom_domain"],
    ['routes = [{ pattern = "balance.acme.dev", custom_domain = false }]', "custom_domain"],
    ['routes = ["balance.acme.dev"]', "custom_domain"],
    ['routes = [{ pattern = "balance.acme.dev", custom_domain = "true" }]', "without quotes"],
    ["routes = [{ custom_domain = true }]", "pattern"],
    ['routes = "balance.acme.dev"', "list"],
    ['route = "balance.acme.dev"', "custom_domain"],
  ])("%s is refused with its line and a remedy", (routes, words) => {
    const findings = check(ORIGINAL.replace(ROUTES, routes)).filter(({ name }) =>
      name.startsWith("route"),
    );
    expect(findings).toMatchObject([{ level: "error", line }]);
    expect(findings[0]?.problem).toContain(words);
    expect(findings[0]?.remedy).toMatch(/\w{3}.*[.)]$/s);
  });

  test("each of several has its own line", () => {
    const good = '  { pattern = "a.acme.dev", custom_domain = true },';
    const bad = '  { pattern = "https://b.acme.dev", custom_domain = true },';
    expect(found(`routes = [\n${good}\n${bad}\n]`)).toMatchObject([{ line: line + 2 }]);
  });

  test.each([
    'routes = [{ pattern = "balance.acme.dev", custom_domain = true }]',
    // A route below a host that has its DNS record already.
    'routes = [{ pattern = "acme.dev/*", zone_name = "acme.dev" }]',
    "workers_dev = true",
  ])("%s is good", (routes) => {
    const inProduction = ORIGINAL.slice(0, ORIGINAL.indexOf("[env.production]"));
    const rest = ORIGINAL.slice(inProduction.length).replace("workers_dev = false\n", "");
    const withRoutes = rest.replace(ROUTES, routes);
    expect(check(inProduction + withRoutes).filter(({ name }) => /^route/.test(name))).toEqual([]);
  });

  test.each(["", "routes = []"])("no address at all (%j) is refused", (routes) => {
    expect(found(routes)).toMatchObject([
      { level: "error", problem: expect.stringContaining("answer nowhere") },
    ]);
  });

  test("the placeholder that the project comes with is noted", () => {
    expect(found(ROUTES)).toMatchObject([
      { level: "note", line, problem: expect.stringContaining("placeholder") },
    ]);
  });
});

describe("crons", () => {
  const found = (crons: string, vars = "") =>
    check(withVars(vars).replace('["*/15 * * * *"]', crons)).filter(({ name }) =>
      /crons|READY/.test(name),
    );

  test.each(['["*/15 * * *"]', '["*/15 * * * * *"]', '["hourly"]', '"*/15 * * * *"', "[15]"])(
    "%s is refused with its line",
    (crons) => {
      expect(found(crons)).toMatchObject([{ level: "error", line: lineOf(ORIGINAL, "crons =") }]);
    },
  );

  test.each([
    ['["*/15 * * * *"]', ""],
    ['["0,20,40 * * * *"]', ""],
    ['["*/30 * * * *", "15-45/30 * * * *"]', ""],
    ['["0 */6 * * *"]', "READY_SECONDS = 43200"],
    ['["0 8 * * MON-FRI"]', ""],
    ['["*/15 * * * *"]', "FRESH_SECONDS = 1800\nREADY_SECONDS = 3600"],
  ])("%s with %j is good", (crons, vars) => {
    expect(found(crons, vars)).toEqual([]);
  });

  test.each([
    ['["*/15 * * * *"]', "READY_SECONDS = 600", "every 15 minutes"],
    ['["0 * * * *"]', "", "every 60 minutes"],
    ['["*/15 * * * *"]', "FRESH_SECONDS = 1800", "finds a value fresh for 1800 seconds"],
    ['["0 8,20 * * *"]', "READY_SECONDS = 3600", "every 720 minutes"],
    ["[]", "", "no cron"],
  ])("%s with %j is noted, because /ready needs readers then", (crons, vars, words) => {
    expect(found(crons, vars)).toMatchObject([
      { level: "note", problem: expect.stringContaining(words) },
    ]);
  });
});

describe("a misspelt key of an entry is told with what was meant, once", () => {
  test.each([
    ['ALERTS = { url = "https://a.example.com", secret = "S", treshold = ["5"] }', "thresholds"],
    ['ACCOUNTS = { acme = { tokn = "ZOO_API_TOKEN" } }', "token"],
    [`JWT_ISSUERS = [{ ${ISSUER.replace("audience", "audiense")} }]`, "audience"],
    ['APP_CHECK = { project_number = "1", app_id = ["a"], mode = "off" }', "app_ids"],
  ])("%s", (vars, meant) => {
    const found = errorsOf(check(withVars(vars))).filter(({ problem }) => !/requir/.test(problem));
    expect(found).toMatchObject([{ remedy: `Did you mean ${meant}?` }]);
  });

  test("and the names to choose from are those that the Worker knows", () => {
    for (const [name, keys] of Object.entries(ENTRY_KEYS)) {
      const entry = `{ ${keys.map((key) => `${key} = []`).join(", ")} }`;
      const value = name === "ACCOUNTS" ? `{ a = ${entry} }` : entry;
      const vars = `${name} = ${name === "JWT_ISSUERS" ? `[${value}]` : value}`;
      const said = check(withVars(vars)).map(({ problem }) => problem);
      expect(said.join()).not.toMatch(/unknown key/);
    }
  });
});

describe("a variable that is a secret", () => {
  const text = ORIGINAL.replace('["ZOO_API_TOKEN"]', '["ZOO_API_TOKEN", "LOW_BALANCE_USD"]');
  const found = (value: string | null) =>
    check(
      text,
      new Map([
        ["ZOO_API_TOKEN", "api-1"],
        ["LOW_BALANCE_USD", value],
      ]),
    ).filter(({ name }) => name === "LOW_BALANCE_USD");

  test("is noted where its value cannot be read, and checked where it can", () => {
    expect(found(null)).toMatchObject([
      { level: "note", problem: expect.stringContaining("cannot be read") },
    ]);
    expect(found("20.00")).toEqual([]);
    expect(found("ten")).toMatchObject([{ level: "error" }]);
  });

  test("keeps advice away that would be about its default", () => {
    const secrets = new Map([
      ["ZOO_API_TOKEN", null],
      ["JWT_ISSUERS", null],
    ]);
    const said = check(ORIGINAL.replaceAll("JWT_ISSUERS = []", ""), secrets);
    expect(said.filter(({ name }) => name === "JWT_ISSUERS")).toMatchObject([
      { problem: expect.stringContaining("cannot be read") },
    ]);
  });
});

test.each([
  [null, "(--offline)"],
  ['✘ [ERROR] Worker "a-production" (env: production) not found.', "no Worker is deployed yet"],
  ["it's necessary to set a CLOUDFLARE_API_TOKEN environment variable", "no login"],
  ["Authentication error [code: 10000]", "no login"],
  ["fetch failed", "could not be asked (npx wrangler secret list --env production"],
])("why secrets were not looked at is told: %s", (said, words) => {
  expect(whyUnseen(said, "production")).toContain(words);
  expect(whyUnseen(said, "production")).toContain("--secrets-file");
});

test("a secret that is required and named nowhere is noted", () => {
  const found = (others: string) =>
    check(ORIGINAL.replace('["ZOO_API_TOKEN"]', `["ZOO_API_TOKEN", ${others}]`)).filter(
      ({ name }) => name === "ZOO_TOKEN_ACM",
    );
  expect(found('"ZOO_TOKEN_ACM"')).toMatchObject([{ level: "note", line: REQUIRED }]);
  expect(found('"ZOO_TOKEN_ACM", "ACCOUNTS"')).toEqual([]);
});

test("a secret with white space in it is one thing that is wrong, not two", () => {
  const found = errorsOf(check(ORIGINAL, new Map([["ZOO_API_TOKEN", "api first"]])));
  expect(found).toMatchObject([
    { name: "ZOO_API_TOKEN", problem: expect.stringContaining("white space") },
  ]);
});

describe("a file that is no TOML", () => {
  const first = lineOf(ORIGINAL, SECTION) + 1;
  test.each([
    ["FRESH_SECONDS = 60\nFRESH_SECONDS = 90", 2, `line ${first}`, "Take one of the two out"],
    ["FRESH_SECONDS = 60\n[env.production.vars]", 2, `line ${first - 1}`, "Take one of the two"],
    ['ZOO_API_URL = "https://canary.dev', 1, "closing quote", '"'],
    ["ZOO_API_URL = canary", 1, "value", "quotes"],
    ["ALERTS = { url = 1 secret = 2 }", 1, "comma", "comma"],
  ])("%s is told with its line and what to do, and not quoted", (vars, offset, problem, remedy) => {
    const [finding, ...others] = check(withVars(vars));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ level: "error", line: first + offset - 1 });
    expect(finding?.problem).toContain(problem);
    expect(finding?.remedy).toContain(remedy);
    expect(JSON.stringify(finding)).not.toContain("canary");
  });
});

test("one run names every mistake, missing bindings and secrets behind bad variables too", () => {
  const text = withVars('FRESH_SECONDS = 0\nZOO_API_URL = "zoo"\nCORS_ORIGINS = ["*"]').replaceAll(
    'binding = "API_KEYS"',
    'binding = "KEYS"',
  );
  const names = errorsOf(check(text, new Map())).map(({ name }) => name);
  expect(names.sort()).toEqual([
    "API_KEYS",
    "CORS_ORIGINS.0",
    "FRESH_SECONDS",
    "ZOO_API_TOKEN",
    "ZOO_API_URL",
  ]);
});

test("the project's own wrangler.toml is good, and its notes are not errors", () => {
  const findings = check(ORIGINAL, new Map([["ZOO_API_TOKEN", null]]));
  expect(errorsOf(findings)).toEqual([]);
  expect(findings.map(({ name }) => name)).toEqual([
    "routes.0.pattern",
    "FRESH_SECONDS",
    "JWT_ISSUERS",
  ]);
});

test("an interval that the free plan cannot pay is noted with one that it can", () => {
  const intervals = (vars: string) =>
    check(withVars(vars)).filter(({ name }) => name === "FRESH_SECONDS");
  expect(intervals("FRESH_SECONDS = 90")).toMatchObject([
    { level: "note", problem: expect.stringMatching(/960 KV writes/) },
  ]);
  expect(intervals("FRESH_SECONDS = 120")).toEqual([]);
});

test("a secret's value in quotes or with a line break is refused", () => {
  const found = (value: string) => errorsOf(check(ORIGINAL, new Map([["ZOO_API_TOKEN", value]])));
  expect(found("api-0000")).toEqual([]);
  expect(found('"api-0000"')).toMatchObject([
    { name: "ZOO_API_TOKEN", problem: expect.stringMatching(/quotes/) },
  ]);
  expect(
    found("api-0000\n")
      .map(({ problem }) => problem)
      .join(),
  ).toContain("white space");
});

test("a file that is no TOML is told with its line, and an environment that is missing by name", () => {
  expect(check('name = "x"\nvars = {\n')).toMatchObject([{ name: "", level: "error" }]);
  const [finding] = checkConfig({ text: ORIGINAL, environment: "prod", secrets: null });
  expect(finding).toMatchObject({
    problem: "there is no [env.prod]",
    remedy: expect.stringMatching(/production/),
    name: "",
  });
});

test("every variable has an example, and the Worker takes it", () => {
  expect(Object.keys(EXAMPLES)).toEqual(expect.arrayContaining(Object.keys(VARIABLES)));
  for (const name of Object.keys(VARIABLES)) {
    const [toml = ""] = EXAMPLES[name] ?? [];
    expect(Object.keys(parse(toml))).toEqual([name]);
    const problems = errorsOf(check(withVars(toml)));
    // An example names secrets, which whoever copies it has to require.
    expect(problems.filter(({ problem }) => !problem.includes("secrets.required"))).toEqual([]);
  }
});

interface Ended {
  readonly code: number;
  readonly output: string;
}

function run(
  file: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env } };
    execFile(process.execPath, [file, ...args], options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr }),
    );
  });
}

describe("the commands", () => {
  const CONFIG = "src/cli/config.ts";

  test("config ends with 0 for a good configuration and 1 for a bad one", async () => {
    const folder = await mkdtemp(join(tmpdir(), "zoo-balance-config-"));
    try {
      const good = await run(CONFIG, ["--env", "production", "--offline"]);
      expect(good).toMatchObject({ code: 0, output: expect.stringContaining("is good") });
      const file = join(folder, "wrangler.toml");
      await writeFile(file, withVars("FRESH_SECONDS = 0\nSTALE_WAIT_MS = 0"));
      const bad = await run(CONFIG, ["--env", "production", "--offline", "--config", file]);
      expect(bad.code).toBe(1);
      expect(bad.output).toMatch(/wrangler\.toml:\d+: FRESH_SECONDS: must be.*\n {4}Such as/);
      expect(bad.output).toContain("2 things are wrong");
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("config explains its arguments instead of failing over them", async () => {
    expect(await run(CONFIG, [])).toMatchObject({
      code: 2,
      output: expect.stringMatching(/Usage/),
    });
    expect(await run(CONFIG, ["--environment", "x"])).toMatchObject({
      code: 2,
      output: expect.stringMatching(/Usage/),
    });
  });

  test("config names the file once, and asks nobody about an environment that is not there", async () => {
    const { code, output } = await run(CONFIG, ["--env", "prod"]);
    expect(code).toBe(1);
    expect(output).toMatch(/^wrangler\.toml: there is no \[env\.prod\]\n {4}Choose.*production/);
    expect(output).not.toMatch(/Secrets were not looked at/);
  });

  test("config says which file it cannot read, and never what a file of secrets holds", async () => {
    const folder = await mkdtemp(join(tmpdir(), "zoo-balance-config-"));
    try {
      const file = join(folder, "secrets.env");
      const withSecrets = () =>
        run(CONFIG, ["--env", "production", "--offline", "--secrets-file", file]);
      const missing = await withSecrets();
      expect(missing.code).toBe(2);
      expect(missing.output).toContain(`--secrets-file: there is no file ${file}`);
      for (const text of [
        '{"ZOO_API_TOKEN": api-canary',
        '{"ZOO_API_TOKEN": {"a": "api-canary"}}',
      ]) {
        await writeFile(file, text);
        const { code, output } = await withSecrets();
        expect(code).toBe(2);
        expect(output).toContain("is neither JSON");
        expect(output).not.toMatch(/canary|ENOENT| {4}at /);
      }
      const config = join(folder, "none.toml");
      const other = await run(CONFIG, ["--env", "production", "--offline", "--config", config]);
      expect(other.output).toContain(`--config: there is no file ${config}`);
      const aFolder = await run(CONFIG, ["--env", "production", "--offline", "--config", folder]);
      expect(aFolder.output).toContain(`--config: ${folder} is a folder`);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test.each(["deploy", "versions upload"])(
    "the gate refuses wrangler %s without an environment",
    async (command) => {
      const { code, output } = await run("src/cli/gate.ts", [], { WRANGLER_COMMAND: command });
      expect(code).toBe(1);
      expect(output).toContain(`npm run wrangler -- ${command} --env production`);
    },
  );

  test("the gate lets wrangler dev and a deployment of production pass", async () => {
    expect(await run("src/cli/gate.ts", [], { WRANGLER_COMMAND: "dev" })).toEqual({
      code: 0,
      output: "",
    });
    const env = { WRANGLER_COMMAND: "deploy" };
    expect(await run("src/cli/gate.ts", ["--env", "production"], env)).toEqual({
      code: 0,
      output: "",
    });
  });
});

test.each([
  ["its own name", { name: "proxy", env: { production: { name: "balance" } } }, "balance"],
  ["without one, what wrangler makes of the first", { name: "proxy" }, "proxy-production"],
])("the Worker of an environment is called by %s", (_, root, name) => {
  expect(workerNameOf(root, "production")).toBe(name);
});
