/** The environment's variables as they are meant: texts read as what TOML would have had, defaults filled in. */
import { readMoney } from "../lib/money.ts";

export const DEFAULTS: Readonly<Record<string, unknown>> = {
  ZOO_API_URL: "https://api.zoo.dev",
  ZOO_INCLUDE_TOTAL_DUE: true,
  ZOO_INCLUDE_BLOCK: true,
  ZOO_TIMEOUT_MS: 10_000,
  FRESH_SECONDS: 60,
  REVALIDATE_SECONDS: 60,
  STALE_SECONDS: 86_400,
  STALE_WAIT_MS: 2_500,
  MIN_REFRESH_SECONDS: 10,
  KEEP_FRESH_SECONDS: 900,
  HEDGE_MS: 60,
  READY_SECONDS: 1_800,
  OBJECT_LOCATION: undefined,
  LOW_BALANCE_USD: "10.00",
  JWT_ISSUERS: [],
  APP_CHECK: {},
  CORS_ORIGINS: [],
  ACCOUNTS: {},
  ALERTS: {},
};
const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, 1: true, false: false, 0: false };

/**
 * Nothing is checked here but that JSON is JSON: what makes no sense is handed on as it is.
 *
 * @returns the values, and what is no JSON (the names alone)
 */
export function readVariables(env: Readonly<Record<string, unknown>>): {
  values: Record<string, unknown>;
  problems: string[];
} {
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, fallback] of Object.entries(DEFAULTS)) {
    const given = env[name];
    try {
      if (typeof given === "string") values[name] = fromText(given, fallback);
      else values[name] = given === undefined ? fallback : given;
    } catch {
      problems.push(`${name}: is not JSON`);
      values[name] = fallback;
    }
  }
  values.LOW_BALANCE_USD = readMoney(numberAsText(values.LOW_BALANCE_USD));
  values.APP_CHECK = readAppCheck(values.APP_CHECK);
  values.ALERTS = readAlerts(values.ALERTS);
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

/** An empty one is none; amounts are read as such. */
function readAlerts(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  if (Object.keys(value).length === 0) return undefined;
  const { thresholds }: { thresholds?: unknown } = value;
  const read = Array.isArray(thresholds)
    ? thresholds.map((amount) => readMoney(numberAsText(amount)))
    : thresholds;
  return { ...value, thresholds: read };
}

/** An empty one is none. */
function readAppCheck(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  if (Object.keys(value).length === 0) return undefined;
  const { project_number }: { project_number?: unknown } = value;
  return { ...value, project_number: numberAsText(project_number) };
}

/** What TOML may have written as a number, though nobody calculates with it as one. */
const numberAsText = (value: unknown) => (typeof value === "number" ? String(value) : value);
