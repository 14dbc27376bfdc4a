/**
 * `npm run smoke -- https://balance.example.com`: asks a deployed instance what its callers will ask, and
 * says in plain words what is wrong. With a credential in the environment variable `CREDENTIAL` (never on
 * the command line, where others can read it) it also asks for a balance.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { statusViewSchema, viewSchema } from "../balance/view.ts";
import { isSafeUrl } from "../lib/url.ts";

const TIMEOUT_MS = 20_000;

/** How often a value that a refresh is already under way for is asked for again. */
const TRIES = 5;
const PAUSE_MS = 1_500;

/** What is wrong, and what to do. */
class Wrong extends Error {}

const [address, ...rest] = process.argv.slice(2);
if (address === undefined || rest.length > 0 || !isSafeUrl(address)) {
  console.error("Usage: [CREDENTIAL=…] npm run smoke -- https://balance.example.com");
  console.error("https only (http to a loopback host), and one address.");
  process.exit(2);
}
const base = address.replace(/\/+$/, "");
const credential = process.env.CREDENTIAL?.trim() ?? "";

/** Where several versions are deployed, a header chooses among them (Cloudflare's version overrides). */
const version = process.env.VERSION?.trim() ?? "";
const OVERRIDE: Record<string, string> =
  version === ""
    ? {}
    : { "cloudflare-workers-version-overrides": `zoo-balance-proxy-production="${version}"` };

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

async function ask(path: string, headers: Record<string, string> = {}): Promise<Answer> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(base + path, {
      headers: { ...OVERRIDE, ...headers },
      redirect: "manual",
      signal,
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    throw new Wrong(
      `no answer, or half of one (${cause instanceof Error ? cause.message : String(cause)}). Is it deployed, does the domain lead to it, and is its certificate there already?`,
    );
  }
}

function jsonOf({ status, text }: Answer): Record<string, unknown> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    throw new Wrong(`status ${status} without JSON: something else answers at this address`);
  }
}

const MEANINGS: Readonly<Record<string, string>> = {
  misconfigured:
    "a variable or secret is missing or wrong; `npx wrangler tail --env production` names it",
  internal: "a bug; `npx wrangler tail --env production` shows the line",
  rate_limited: "too many requests from here; wait a minute",
  invalid_credentials:
    "the credential is refused; the reason is in the `denied` line of `npx wrangler tail --env production`",
  insufficient_scope: "the credential is good, but its scope allows nothing here",
  unknown_account: "the credential names an account that ACCOUNTS does not have",
  attestation_failed: "APP_CHECK enforces attestation, which only the real app can pass",
  upstream_rejected: "Zoo refuses the token: set ZOO_API_TOKEN anew",
  upstream_invalid: "Zoo's answer cannot be read; see the `upstream_drift` line",
  upstream_unavailable: "Zoo, or the identity provider's keys, cannot be reached; see the log",
};

function expectStatus(response: Answer, status: number): void {
  if (response.status === status) return;
  const { code } = jsonOf(response);
  const meaning = MEANINGS[String(code)];
  throw new Wrong(
    `status ${response.status} instead of ${status}${meaning === undefined ? "" : `: ${meaning}`}`,
  );
}

function expectHeader({ headers }: Answer, name: string, form: RegExp, why: string): void {
  const value = headers.get(name);
  if (value === null || !form.test(value)) throw new Wrong(`${name} is ${value}: ${why}`);
}

function expectSecurity(response: Answer): void {
  const why = "something on the way takes headers off, or another Worker answers";
  expectHeader(response, "x-content-type-options", /^nosniff$/, why);
  expectHeader(response, "strict-transport-security", /max-age=\d{6,}/, why);
  expectHeader(response, "content-security-policy", /default-src 'none'/, why);
}

async function expectRefusal(headers: Record<string, string>, code: string): Promise<void> {
  const response = await ask("/v1/balance", headers);
  if (response.status === 200) throw new Wrong("it shows the balance to anybody: take it down");
  expectStatus(response, 401);
  expectHeader(response, "content-type", /^application\/problem\+json/, "no problem details");
  expectHeader(response, "www-authenticate", /^Bearer/, "RFC 6750 asks for it");
  expectHeader(response, "cache-control", /no-store/, "a refusal must not be kept");
  const problem = jsonOf(response);
  if (problem.code !== code) throw new Wrong(`code ${String(problem.code)} instead of ${code}`);
}

async function balance(headers: Record<string, string> = {}): Promise<Answer> {
  return ask("/v1/balance", { authorization: `Bearer ${credential}`, ...headers });
}

type Check = readonly [name: string, check: () => Promise<void>];

const CHECKS: readonly Check[] = [
  [
    "it is there, and its configuration parses",
    async () => {
      const response = await ask("/health");
      expectStatus(response, 200);
      if (jsonOf(response).status !== "ok") throw new Wrong("another service answers here");
      expectSecurity(response);
    },
  ],
  ["nobody gets in without a credential", () => expectRefusal({}, "missing_credentials")],
  [
    "nor with a wrong one",
    () => expectRefusal({ authorization: "Bearer smoke-test" }, "invalid_credentials"),
  ],
  ["what is not there is not found", async () => expectStatus(await ask("/v1/nothing"), 404)],
  [
    "the API's description and the page are served",
    async () => {
      const document = await ask("/openapi.json");
      expectStatus(document, 200);
      if (!String(jsonOf(document).openapi).startsWith("3.1")) {
        throw new Wrong("/openapi.json is not the description: were the assets deployed?");
      }
      const page = await ask("/");
      expectStatus(page, 200);
      expectHeader(page, "content-type", /^text\/html/, "were the assets deployed?");
      expectSecurity(page);
    },
  ],
];

/** A first caller after a pause gets the old value, while a new one is on its way. */
async function settled(): Promise<Answer> {
  for (let n = 1; ; n++) {
    const answer = await balance();
    if (n === TRIES || answer.status !== 200) return answer;
    if (jsonOf(answer).stale_reason !== "revalidating") return answer;
    await sleep(PAUSE_MS);
  }
}

const WITH_CREDENTIAL: readonly Check[] = [
  [
    "a balance, as promised, and its ETag saves the next one",
    async () => {
      const response = await settled();
      expectStatus(response, 200);
      expectHeader(response, "cache-control", /^private, max-age=\d+$/, "it must not be shared");
      expectHeader(response, "vary", /Authorization/, "caches could mix callers up");
      expectHeader(response, "age", /^\d+$/, "nobody can tell how old it is");
      const view = jsonOf(response);
      if (!viewSchema.safeParse(view).success && !statusViewSchema.safeParse(view).success) {
        throw new Wrong("the body is no view of a balance: which version is deployed?");
      }
      if (view.stale === true) {
        throw new Wrong(`the value is stale (${String(view.stale_reason)}): see the log`);
      }
      const etag = response.headers.get("etag");
      if (etag === null) throw new Wrong("there is no ETag: something on the way takes it off");
      const { status } = await balance({ "if-none-match": etag });
      if (status !== 304) throw new Wrong(`status ${status} instead of 304 for its own ETag`);
      console.log(`       Zoo's answer is of ${String(view.as_of)}.`);
    },
  ],
];

let wrong = 0;
for (const [name, check] of credential === "" ? CHECKS : [...CHECKS, ...WITH_CREDENTIAL]) {
  try {
    await check();
    console.log(`ok     ${name}`);
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    wrong += 1;
    console.log(`WRONG  ${name}: ${error.message}`);
  }
}
if (credential === "")
  console.log("       (set CREDENTIAL to a token or an API key to ask for a balance, too)");
console.log(wrong === 0 ? "All is well." : `${wrong} wrong.`);
process.exitCode = wrong === 0 ? 0 : 1;
