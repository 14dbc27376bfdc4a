/** The environment's variables as they are meant: texts read as what TOML would have had, defaults filled in. */
import { readMoney } from "./balance/money.ts";

export const ASYMMETRIC = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
] as const;

const DEFAULTS: Readonly<Record<string, unknown>> = {
  ZOO_API_URL: "https://api.zoo.dev",
  ZOO_INCLUDE_TOTAL_DUE: true,
  ZOO_TIMEOUT_MS: 10_000,
  FRESH_SECONDS: 60,
  REVALIDATE_SECONDS: 60,
  STALE_SECONDS: 86_400,
  STALE_WAIT_MS: 2_500,
  MIN_REFRESH_SECONDS: 10,
  LOW_BALANCE_USD: "10.00",
  JWT_ISSUERS: [],
  APP_CHECK: {},
  CORS_ORIGINS: [],
  ACCOUNTS: {},
};
const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, 1: true, false: false, 0: false };

/**
 * Nothing is checked here but that JSON is JSON: what makes no sense is handed on as it is.
 *
 * @returns the values, and what is no JSON (the names alone)
 */
export function readVariables(env: object): {
  values: Record<string, unknown>;
  problems: string[];
} {
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, fallback] of Object.entries(DEFAULTS)) {
    const given: unknown = Reflect.get(env, name);
    try {
      if (typeof given === "string") values[name] = fromText(given, fallback);
      else values[name] = given === undefined ? fallback : given;
    } catch {
      problems.push(`${name}: is not JSON`);
      values[name] = fallback;
    }
  }
  const {
    LOW_BALANCE_USD: low,
    JWT_ISSUERS: issuers,
    ACCOUNTS: accounts,
    APP_CHECK: check,
  } = values;
  values.LOW_BALANCE_USD = readMoney(numberAsText(low));
  if (Array.isArray(issuers)) {
    values.JWT_ISSUERS = issuers.map((issuer) =>
      withDefault(issuer, "algorithms", [...ASYMMETRIC]),
    );
  }
  if (isFields(accounts)) {
    const entries = Object.entries(accounts);
    values.ACCOUNTS = Object.fromEntries(
      entries.map(([name, account]) => [name, withDefault(account, "subject", "user")]),
    );
  }
  if (isFields(check)) {
    const project_number = numberAsText(check.project_number);
    values.APP_CHECK = Object.keys(check).length === 0 ? undefined : { ...check, project_number };
  }
  return { values, problems };
}

/** `.dev.vars`, secrets and `--var` are always texts. @throws SyntaxError */
function fromText(text: string, fallback: unknown): unknown {
  switch (typeof fallback) {
    case "number":
      return /^\d{1,9}$/.test(text) ? Number(text) : text;
    case "boolean":
      return BOOLEANS[text];
    case "object":
      return text.trim() === "" ? fallback : JSON.parse(text);
    default:
      return text;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const withDefault = (value: unknown, name: string, fallback: unknown) =>
  isFields(value) ? { [name]: fallback, ...value } : value;

/** What TOML may have written as a number, though nobody calculates with it as one. */
const numberAsText = (value: unknown) => (typeof value === "number" ? String(value) : value);
