/** Parses the environment once, at the door: everything else gets the parsed configuration. */
import { REQUIRED_BINDINGS } from "../env.ts";
import { type Account, resolveAccounts } from "./accounts.ts";
import { type AlertTarget, resolveAlertTargets } from "./alert-targets.ts";
import { wordsFor } from "./issues.ts";
import { readVariable } from "./read-variable.ts";
import { VARIABLES, type Variables } from "./variables.ts";

export type { Account } from "./accounts.ts";
export type { AlertTarget } from "./alert-targets.ts";
export type { AppCheck } from "./app-check.ts";

export type Config = Readonly<Omit<Variables, "ACCOUNTS" | "ALERTS">> & {
  /** Where crossings are reported, with the signing secrets; empty without `ALERTS`. */
  readonly alerts: readonly AlertTarget[];
  /** Zoo accounts by name, with their tokens. */
  readonly accounts: ReadonlyMap<string, Account>;
};

export type ParsedConfig =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly string[] };

type Environment = Readonly<Record<string, unknown>>;

const parsed = new WeakMap<object, ParsedConfig>();

/**
 * Parses the variables, once per environment object.
 *
 * @returns the configuration, or everything that is wrong: names of variables and the rules they
 *   break, never a value (one may be a secret)
 */
export function parseConfig(env: object): ParsedConfig {
  let result = parsed.get(env);
  if (result === undefined) {
    result = parseEnvironment({ ...env });
    parsed.set(env, result);
  }
  return result;
}

function parseEnvironment(env: Environment): ParsedConfig {
  const { given, valid, problems } = parseVariables(env);
  for (const binding of REQUIRED_BINDINGS) {
    if (typeof env[binding] !== "object") problems.push(`${binding}: the binding is missing`);
  }
  const { ZOO_API_URL: url = "", OBJECT_LOCATION: location, FRESH_SECONDS, STALE_SECONDS } = valid;
  if (FRESH_SECONDS !== undefined && STALE_SECONDS !== undefined && STALE_SECONDS < FRESH_SECONDS) {
    problems.push("STALE_SECONDS: is shorter than FRESH_SECONDS");
  }
  const resolved = resolveAccounts(given.ACCOUNTS, env, { url, location });
  const alerts = resolveAlertTargets(given.ALERTS, valid.ALERTS ?? [], env);
  problems.push(...resolved.problems, ...alerts.problems);
  if (problems.length > 0) return { ok: false, problems };
  // Complete: a variable that is not in it has put its problem on the list.
  const { ACCOUNTS: _, ALERTS: __, ...variables } = valid as Variables;
  // Treat mode "off" as not configured.
  const APP_CHECK = variables.APP_CHECK?.mode === "off" ? undefined : variables.APP_CHECK;
  const { accounts } = resolved;
  return { ok: true, config: { ...variables, APP_CHECK, accounts, alerts: alerts.targets } };
}

/** Reads and checks each variable by itself, so that one mistake hides no other. */
function parseVariables(env: Environment) {
  const given: Record<string, unknown> = {};
  const valid: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, { kind, schema, default: fallback }] of Object.entries(VARIABLES)) {
    try {
      given[name] = readVariable(kind, env[name] === undefined ? fallback : env[name], fallback);
    } catch {
      problems.push(`${name}: is not JSON`);
      continue;
    }
    const { success, data, error } = schema.safeParse(given[name], { error: wordsFor });
    if (success) valid[name] = data;
    for (const { path, message } of error?.issues ?? []) {
      problems.push(`${[name, ...path].join(".")}: ${message}`);
    }
  }
  return { given, valid: valid as Partial<Variables>, problems };
}
