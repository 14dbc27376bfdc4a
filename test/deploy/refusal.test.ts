/** What `npm run wrangler` refuses before wrangler starts, in words; and how it takes a secret's value. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { flawOf } from "../../src/cli/config/secret-value.ts";
import { commandOf } from "../../src/cli/wrangler/command.ts";
import {
  type Asked,
  refuse,
  refuseSecrets,
  unnamedSecret,
} from "../../src/cli/wrangler/refusal.ts";
import { readSecret } from "../../src/cli/wrangler/secret.ts";

const ORIGINAL = await readFile("wrangler.toml", "utf8");
const ID = "11111111-2222-4333-8444-555555555555";
const OTHER = "66666666-7777-4888-9999-000000000000";

const said = (args: string, change: Partial<Asked> = {}) => {
  const asked = { text: ORIGINAL, secrets: null, asksBack: false };
  return refuse({ ...commandOf(args.split(" ")), ...asked, ...change })?.join("\n") ?? null;
};

test.each([
  "deploy",
  "deploy --secrets-file .secrets.env",
  "deploy --env=",
  "versions upload --tag abc",
  `versions deploy ${ID}@100 -y`,
  "rollback",
  "secret put ZOO_API_TOKEN",
  "secret delete ZOO_API_TOKEN",
  "versions secret put ZOO_API_TOKEN",
])("`%s` is refused, because it names no environment", (args) => {
  expect(said(args)).toMatch(/second Worker.*\nRun: npm run wrangler -- .+ --env production$/);
});

test.each([
  ["secret put ZOO_API_TOKEN", "secret put ZOO_API_TOKEN"],
  ["versions secret put ZOO_API_TOKEN", "versions secret put ZOO_API_TOKEN"],
  ["secret delete ZOO_API_TOKEN", "secret delete ZOO_API_TOKEN"],
  [`versions deploy ${ID}@10 ${OTHER}@90 -y`, `versions deploy ${ID}@10 ${OTHER}@90`],
  ["secret put api-canary", "secret put"],
  ["secret put ZOO_API_TOKEN CANARY", "secret put ZOO_API_TOKEN"],
])("the advice for `%s` keeps its words, and never a value", (args, words) => {
  expect(said(args)).toMatch(new RegExp(`Run: npm run wrangler -- ${words} --env production$`));
});

test.each(["deploy", "secret put ZOO_API_TOKEN", "rollback", "tail", "deployments status"])(
  "`%s` is refused for an environment that is not there, before Cloudflare is asked about another",
  (args) => {
    expect(said(`${args} --env prod`)).toMatch(/no \[env\.prod\]\.\nChoose .*: production\.$/);
  },
);

test.each([
  ["secret put ZOO_API_TOKEN", null],
  ["secret put LOW_BALANCE_USD", null],
  ["secret list", null],
  ["secret put ZOO_API_TOKN", "Did you mean ZOO_API_TOKEN?"],
  ["versions secret put ZOO_TOKEN_ACME", "has no effect until"],
])("of `%s` is noted: %s", (args, words) => {
  const note = unnamedSecret(args.split(" "), ORIGINAL, "production");
  if (words === null) expect(note).toBe(null);
  else expect(note).toContain(words);
});

test.each([
  "deploy --env production",
  "deploy -e production --dry-run",
  "--env=production deploy",
  "deploy --help",
  "versions upload --env production --tag abc",
  `versions deploy ${ID}@10 ${OTHER}@90 -y --env production`,
  `versions deploy --version-id ${ID} --percentage 100 -y --env production`,
  "secret put ZOO_API_TOKEN --env production",
  "secret put --env production ZOO_API_TOKEN",
  "secret list --env production",
  "secret delete ZOO_TOKEN_ACME --env production",
  "tail",
])("`%s` may be tried", (args) => {
  expect(said(args)).toBe(null);
});

test("an environment in CLOUDFLARE_ENV is one", () => {
  const { environment } = commandOf(["deploy"], { CLOUDFLARE_ENV: "production" });
  expect(environment).toBe("production");
});

test("a bad variable is refused with its line, before wrangler starts", () => {
  const bad = ORIGINAL.replace("[env.production.vars]\n", "$&FRESH_SECONDS = 0\n");
  const words = said("deploy --env production", { text: bad });
  expect(words).toMatch(/wrangler\.toml:\d+: FRESH_SECONDS: must be/);
  expect(words).toContain("Mend it, then run the same command again.");
  expect(words).not.toMatch(/Run it again|cloudflarestatus/);
});

test.each([
  ["versions deploy -y --env production", "without versions and shares"],
  ["versions deploy @0 @100 -y --env production", "is the shell's variable empty?"],
  [`versions deploy ${ID}@0 ${ID}@100 -y --env production`, "the same version stands there twice"],
])("`%s` is refused, because it would deploy what is live already", (args, words) => {
  expect(said(args)).toContain(words);
  expect(said(args)).not.toMatch(/[?.]\./);
});

test.each([
  ["ZOO_API_TOKEN", ORIGINAL],
  [
    "ZOO_TOKEN_ACME",
    ORIGINAL.replace(
      "[env.production.vars]\n",
      '$&ACCOUNTS = { acme = { token = "ZOO_TOKEN_ACME" } }\n',
    ),
  ],
])("a secret that wrangler.toml needs is not deleted: %s", (name, text) => {
  for (const command of ["secret delete", "versions secret delete"]) {
    const words = said(`${command} ${name} --env production`, { text });
    expect(words).toContain(`Refused: wrangler.toml needs ${name}`);
    expect(words).toContain("First take it out of wrangler.toml");
  }
});

test("`versions deploy` without versions may be tried where somebody can be asked", () => {
  expect(said("versions deploy --env production", { asksBack: true })).toBe(null);
});

describe("a secret's value", () => {
  test.each([
    ['"canary"', "in quotes"],
    ["'canary'", "in quotes"],
    [' "canary" ', "in quotes"],
    [" canary", "white space"],
    ["canary ", "white space"],
    ["canary\t", "white space"],
    ["can\nary", "white space"],
    ["canary\n\n", "white space"],
    ["", "empty"],
    ["ZOO_API_TOKEN=canary", "its own name"],
  ])("%j is refused without being quoted", (value, words) => {
    expect(flawOf("ZOO_API_TOKEN", value)?.problem).toContain(words);
    const lines = refuseSecrets(new Map([["ZOO_API_TOKEN", value]]))?.join("\n");
    expect(lines).toContain("ZOO_API_TOKEN: its value");
    expect(lines).toContain("nothing was uploaded");
    expect(lines).not.toContain("can");
    const secrets = new Map([["ZOO_API_TOKEN", value]]);
    for (const upload of ["deploy --secrets-file x", "versions upload", "secret bulk x"]) {
      expect(said(`${upload} --env production`, { secrets })).toBe(lines);
    }
  });

  test("of a variable that is a list may have white space", () => {
    expect(flawOf("CORS_ORIGINS", '["https://localhost", "https://a.dev"]')).toBe(null);
  });

  test("that stands beside the name is refused without being quoted", () => {
    const words = said("secret put ZOO_API_TOKEN canary --env production");
    expect(words).toContain("takes the name alone");
    expect(words).not.toContain("canary");
    expect(said("secret put ZOO_API_TOKEN canary")).not.toContain("canary");
  });

  test("is taken from a pipe without the line break that `echo` adds", async () => {
    for (const sent of ["api-1", "api-1\n", "api-1\r\n"]) {
      expect(await readSecret(new PassThrough().end(sent), new PassThrough())).toBe("api-1");
    }
    expect(await readSecret(new PassThrough().end(" api-1\n\n"), new PassThrough())).toBe(
      " api-1\n",
    );
  });

  test("is typed without being shown, and Ctrl-C ends the question", async () => {
    const terminal = () => Object.assign(new PassThrough(), { isTTY: true });
    const [typed, stopped, shown] = [terminal(), terminal(), new PassThrough()];
    const first = readSecret(typed, shown);
    typed.write('"canary"\r');
    expect(await first).toBe('"canary"');
    const second = readSecret(stopped, shown);
    stopped.write("canary\u0003");
    expect(await second).toBe(null);
    expect(await text(shown.end())).toBe(
      "The secret's value, which is not shown; then Enter: \n".repeat(2),
    );
  });
});

test("`npm run wrangler` itself refuses in this way, and starts nothing", async () => {
  const ended = await new Promise((resolve) => {
    execFile(process.execPath, ["src/cli/wrangler.ts", "deploy"], (error, stdout, stderr) =>
      resolve({ code: error?.code, stdout, stderr }),
    );
  });
  expect(ended).toEqual({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/^Refused: without an environment.*--env production\n$/s),
  });
});
