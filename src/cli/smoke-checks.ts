/** What a deployed instance must answer, check by check: requests, and what is wrong with their answers in words. */
import { setTimeout as sleep } from "node:timers/promises";
import { statusViewSchema, viewSchema } from "../balance/view.ts";

const TIMEOUT_MS = 20_000;

/** How often a value whose refresh is under way is asked for again. */
const TRIES = 5;
const PAUSE_MS = 1_500;

/** What is wrong, and what to do about it. Its message never quotes a credential. */
export class Wrong extends Error {}

/** The instance to check, and with what. */
export interface Instance {
  /** Without a slash at its end. */
  readonly base: string;
  /** Empty without one. */
  readonly credential: string;
  /** The version to ask for where several are deployed; empty for whichever answers. */
  readonly version: string;
  /** The Worker's name: for this one alone Cloudflare takes the header that chooses a version. */
  readonly worker: string;
}

export interface Check {
  readonly name: string;
  /**
   * @returns something to add for the reader, or nothing
   * @throws Wrong
   */
  run(instance: Instance): Promise<string | undefined>;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

const MEANINGS: Readonly<Record<string, string>> = {
  misconfigured:
    "a variable or secret is missing or wrong; `npx wrangler tail --env production` names it",
  internal: "a bug; `npx wrangler tail --env production` shows the line",
  rate_limited: "too many requests from here; wait a minute",
  invalid_credentials:
    "the credential is refused; the reason is in the `denied` line of `npx wrangler tail --env production`",
  insufficient_scope: "the credential is good, but its scope does not allow this",
  unknown_account: "the credential names an account that ACCOUNTS does not have",
  attestation_failed: "APP_CHECK enforces attestation, which only the real app can pass",
  upstream_rejected: "Zoo refuses the token: set ZOO_API_TOKEN again",
  upstream_invalid: "Zoo's answer could not be read; see the `upstream_drift` line",
  upstream_unavailable: "Zoo, or the identity provider's keys, cannot be reached; see the log",
};

export const CHECKS: readonly Check[] = [
  {
    name: "the service answers, and its configuration is valid",
    async run(instance) {
      const response = await ask(instance, "/health");
      expectStatus(response, 200);
      const { status, version } = jsonOf(response);
      if (status !== "ok") throw new Wrong("another service answers here");
      expectSecurity(response);
      expectVersion(String(version), instance);
      return `Version ${String(version)} answers.`;
    },
  },
  {
    name: "a request without a credential is refused",
    run: (instance) => expectRefusal(instance, {}, "missing_credentials"),
  },
  {
    name: "a request with a wrong credential is refused",
    run: (instance) =>
      expectRefusal(instance, { authorization: "Bearer smoke-test" }, "invalid_credentials"),
  },
  {
    name: "an unknown path is not found",
    async run(instance) {
      expectStatus(await ask(instance, "/v1/nothing"), 404);
      return undefined;
    },
  },
  {
    name: "the API's description and the page are served",
    async run(instance) {
      const document = await ask(instance, "/openapi.json");
      expectStatus(document, 200);
      if (!String(jsonOf(document).openapi).startsWith("3.1")) {
        throw new Wrong("/openapi.json is not the description: were the assets deployed?");
      }
      const page = await ask(instance, "/");
      expectStatus(page, 200);
      expectHeader(page, "content-type", /^text\/html/, "were the assets deployed?");
      expectSecurity(page);
      return undefined;
    },
  },
];

export const CHECKS_WITH_CREDENTIAL: readonly Check[] = [
  {
    name: "a balance is answered as promised, and its ETag saves the next one",
    async run(instance) {
      const response = await settled(instance);
      expectStatus(response, 200);
      expectHeader(response, "cache-control", /^private, max-age=\d+$/, "it must not be shared");
      expectHeader(response, "vary", /Authorization/, "caches could mix callers up");
      expectHeader(response, "age", /^\d+$/, "nobody can tell how old it is");
      const view = jsonOf(response);
      if (!viewSchema.safeParse(view).success && !statusViewSchema.safeParse(view).success) {
        throw new Wrong("the body is not a balance: which version is deployed?");
      }
      if (view.stale === true) {
        throw new Wrong(`the value is stale (${String(view.stale_reason)}): see the log`);
      }
      const etag = response.headers.get("etag");
      if (etag === null) throw new Wrong("there is no ETag: something on the way removes it");
      const { status } = await balance(instance, { "if-none-match": etag });
      if (status !== 304) throw new Wrong(`status ${status} instead of 304 for its own ETag`);
      return `Zoo's answer is of ${String(view.as_of)}.`;
    },
  },
];

async function ask(
  { base, version, worker }: Instance,
  path: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  // Where several versions are deployed, a header chooses among them (Cloudflare's version overrides).
  const override: Record<string, string> =
    version === "" ? {} : { "cloudflare-workers-version-overrides": `${worker}="${version}"` };
  let sent: Headers;
  try {
    sent = new Headers({ ...override, ...headers });
  } catch {
    // The platform's message would quote the value.
    throw new Wrong("the credential or the version holds a character that no header may have");
  }
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(base + path, { headers: sent, redirect: "manual", signal });
    return { status: response.status, headers: response.headers, text: await response.text() };
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    throw new Wrong(
      `no answer, or only part of one (${cause instanceof Error ? cause.message : String(cause)}). Is it deployed, does the domain lead to it, and is its certificate there already?`,
    );
  }
}

const balance = (instance: Instance, headers: Record<string, string> = {}) =>
  ask(instance, "/v1/balance", { authorization: `Bearer ${instance.credential}`, ...headers });

/** A first caller after a pause gets the old value, while a new one is on its way. */
async function settled(instance: Instance): Promise<Answer> {
  for (let n = 1; ; n++) {
    const answer = await balance(instance);
    if (n === TRIES || answer.status !== 200) return answer;
    if (jsonOf(answer).stale_reason !== "revalidating") return answer;
    await sleep(PAUSE_MS);
  }
}

function jsonOf({ status, text }: Answer): Record<string, unknown> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    throw new Wrong(`status ${status} without JSON: something else answers at this address`);
  }
}

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
  const why = "something on the way removes headers, or another Worker answers";
  expectHeader(response, "x-content-type-options", /^nosniff$/, why);
  expectHeader(response, "strict-transport-security", /max-age=\d{6,}/, why);
  expectHeader(response, "content-security-policy", /default-src 'none'/, why);
}

/** Cloudflare ignores the wish for a version that is not part of the deployment, and whichever is live answers. */
function expectVersion(answered: string, { version: wanted, worker }: Instance): void {
  if (wanted === "" || answered === wanted) return;
  throw new Wrong(
    [
      `version ${answered} answered instead of ${wanted}, so nothing here is about the one that VERSION names.`,
      `Is it part of the deployment of ${worker} (npx wrangler deployments status --env production)?`,
      "If not, give it a share, of which 0 is enough: npm run wrangler -- versions deploy (DEPLOY.md, rolling out step by step).",
      "If it was added only now, ask again in a minute: not every place may know of it yet.",
    ].join(" "),
  );
}

async function expectRefusal(
  instance: Instance,
  headers: Record<string, string>,
  code: string,
): Promise<undefined> {
  const response = await ask(instance, "/v1/balance", headers);
  if (response.status === 200) throw new Wrong("it shows the balance to anybody: take it down");
  expectStatus(response, 401);
  expectHeader(response, "content-type", /^application\/problem\+json/, "no problem details");
  expectHeader(response, "www-authenticate", /^Bearer/, "RFC 6750 asks for it");
  expectHeader(response, "cache-control", /no-store/, "a refusal must not be kept");
  const problem = jsonOf(response);
  if (problem.code !== code) throw new Wrong(`code ${String(problem.code)} instead of ${code}`);
  return undefined;
}
