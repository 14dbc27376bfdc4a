/** What parses, and yet cannot work, or not as it is meant. */
import { VARIABLES } from "../../config/variables.ts";
import type { Checked, Report } from "./finding.ts";
import { flawOf } from "./secret-value.ts";
import { namedSecrets } from "./secrets.ts";
import { at, isTable, type Table } from "./toml.ts";

export interface Advised {
  /** Lists and objects as such, though they may have been written as JSON. */
  readonly vars: Table;
  readonly environment: string;
  /** `[env.….secrets] required`. */
  readonly required: readonly string[];
  readonly secrets: Checked["secrets"];
  /** Variables that are secrets whose values nobody can read. */
  readonly unread: readonly string[];
  readonly report: Report;
}

/** Zoo takes 300 ms at best. */
const SHORTEST_TIMEOUT_MS = 1_000;

/** KV writes a day on the free plan, less what key sets, API keys and the cron need. */
const FREE_WRITES = 750;
const DAY_SECONDS = 86_400;
const DEFAULT_FRESH_SECONDS = 60;

/** What secrets look like: Zoo's tokens, webhook secrets, this project's own keys, JWTs. */
const SECRET_LIKE =
  /^["']?(api-[0-9a-f-]{20,}|dev-[0-9a-f-]{20,}|whsec_.+|zbp_\w{20,}|eyJ\w+\.\w+\..*)/;

export function advise(given: Advised): void {
  adviseSecrets(given);
  adviseIssuers(given);
  adviseUpstream(given);
  adviseInterval(given);
}

function adviseSecrets({ vars, environment, required, secrets, unread, report }: Advised): void {
  const named = namedSecrets(vars);
  for (const [name, value] of Object.entries(vars)) {
    const isSecret = named.includes(name) || (typeof value === "string" && SECRET_LIKE.test(value));
    if (!isSecret && !/TOKEN|SECRET/.test(name)) continue;
    const remedy = `Take it out of the file and its history, replace the secret where it was made, and set the new one: npm run wrangler -- secret put ${name} --env ${environment}.`;
    report(
      "error",
      [name],
      "a secret in `vars` can be read by everybody who sees the file",
      remedy,
    );
  }
  for (const name of named.filter((other) => !required.includes(other))) {
    const remedy = `Add "${name}" there: then a deployment without it is refused, instead of answering misconfigured.`;
    report("error", [name], "the secret is not in `secrets.required` of the environment", remedy);
  }
  // A variable that is a secret may name further ones.
  const mayBeNamed = ["ACCOUNTS", "ALERTS"].some(
    (name) => unread.includes(name) || (required.includes(name) && !(name in vars)),
  );
  for (const name of mayBeNamed ? [] : required) {
    if (named.includes(name) || name in VARIABLES) continue;
    const remedy = "Take it out there, or name it where it is meant (`token`, `secret`).";
    report("note", [name], "is required, but neither ACCOUNTS nor ALERTS names it", remedy);
  }
  for (const [name, value] of secrets ?? []) {
    // That one is empty is said by the Worker's own code.
    const flaw = value === null || value === "" ? null : flawOf(name, value);
    if (flaw !== null) report("error", [name], flaw.problem, flaw.remedy);
  }
}

function adviseIssuers({ vars, report }: Advised): void {
  const issuers: unknown[] = Array.isArray(vars.JWT_ISSUERS) ? vars.JWT_ISSUERS : [];
  const accounts = ["default", ...(isTable(vars.ACCOUNTS) ? Object.keys(vars.ACCOUNTS) : [])];
  const seen = new Map<string, number>();
  for (const [index, issuer] of issuers.entries()) {
    const path = (key: string) => ["JWT_ISSUERS", index, key];
    const account = at(issuer, ["account"]);
    if (typeof account === "string" && !accounts.includes(account)) {
      const remedy = `Every caller of this issuer would get 403 unknown_account. There are: ${accounts.join(", ")}.`;
      report("error", path("account"), "ACCOUNTS has no such account", remedy);
    }
    const scope = at(issuer, ["scope"]);
    if (typeof scope === "string" && /\s/.test(scope)) {
      const remedy = "Name the one scope that a token must have; no token has two in one.";
      report("error", path("scope"), "a scope has no space", remedy);
    }
    if (at(issuer, ["account_claim"]) !== undefined && accounts.length === 1) {
      const remedy = "Declare the accounts that the claim may name, or take account_claim out.";
      report(
        "error",
        path("account_claim"),
        "ACCOUNTS is empty, so the claim can name none",
        remedy,
      );
    }
    const same = JSON.stringify(sortedEntries(issuer));
    const earlier = seen.get(same);
    if (earlier !== undefined) {
      const problem = `is entry ${earlier} again`;
      report("error", ["JWT_ISSUERS", index], problem, "Take one of the two out.");
    }
    seen.set(same, index);
  }
  if (issuers.length === 0) {
    const remedy = "Fine where all callers have API keys (npm run keys).";
    report("note", ["JWT_ISSUERS"], "empty: no user's token is taken", remedy);
  }
}

const sortedEntries = (value: unknown) => (isTable(value) ? Object.entries(value).sort() : value);

function adviseUpstream({ vars, report }: Advised): void {
  const { ZOO_API_URL: url, ZOO_TIMEOUT_MS: timeout } = vars;
  if (typeof url === "string" && /\/(user|org|payment|balance)\/?$/.test(url)) {
    const remedy = 'The path is appended: ZOO_API_URL = "https://api.zoo.dev".';
    report("error", ["ZOO_API_URL"], "ends in the path of the balance", remedy);
  }
  if (timeout !== undefined && Number(timeout) < SHORTEST_TIMEOUT_MS) {
    const problem = `Zoo needs up to 3000 ms, and under ${SHORTEST_TIMEOUT_MS} every refresh may fail`;
    report("error", ["ZOO_TIMEOUT_MS"], problem, "ZOO_TIMEOUT_MS = 10000, or leave it out.");
  }
}

/** One refresh is one write. */
function adviseInterval({ vars, report }: Advised): void {
  const fresh = Number(vars.FRESH_SECONDS ?? DEFAULT_FRESH_SECONDS);
  const named = isTable(vars.ACCOUNTS) ? Object.keys(vars.ACCOUNTS) : [];
  const accounts = new Set(["default", ...named]).size;
  const writes = (accounts * DAY_SECONDS) / fresh;
  if (!(writes > FREE_WRITES)) return;
  const enough = Math.ceil((accounts * DAY_SECONDS) / FREE_WRITES / 10) * 10;
  const remedy = `On the free plan (1,000 a day): FRESH_SECONDS = ${enough}. On the paid plan that is nothing.`;
  const problem = `up to ${Math.round(writes)} KV writes a day with readers all day long`;
  report("note", ["FRESH_SECONDS"], problem, remedy);
}
