/** Everything that is wrong with one environment of `wrangler.toml`, at once. */
import { parseConfig } from "../../config/config.ts";
import { VARIABLES } from "../../config/variables.ts";
import { REQUIRED_BINDINGS } from "../../env.ts";
import { advise } from "./advice.ts";
import { adviseCrons } from "./cron.ts";
import type { Checked, Finding, Report, Said } from "./finding.ts";
import { misspeltKeyRemedy, splitProblem, withoutEchoes } from "./keys-of-entries.ts";
import { BINDING_REMEDY, nearest, remedyFor } from "./remedies.ts";
import { adviseRoutes } from "./routes.ts";
import { flawOf } from "./secret-value.ts";
import { namedSecrets, readable } from "./secrets.ts";
import { adviseTables } from "./tables.ts";
import { at, isTable, type Path, type ReadToml, readToml, type Table, type Toml } from "./toml.ts";

const NO_STAR = "must be a list of origins; `*`, for all of them, is not possible";

/** Stands for a secret whose value is not known: it serves as a token and as a webhook's secret. */
const SOME_SECRET = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;

export function checkConfig({ text, environment, secrets }: Checked): Finding[] {
  const read: ReadToml = readToml(text);
  if (!read.ok) {
    const { line, problem, remedy } = read;
    return [{ level: "error", line, name: "", problem, remedy }];
  }
  const { toml } = read;
  const settings = at(toml.root, ["env", environment]);
  if (!isTable(settings)) {
    const names = isTable(toml.root.env) ? Object.keys(toml.root.env).join(", ") : "";
    const problem = `there is no [env.${environment}]`;
    const remedy = `Choose with --env one of: ${names}.`;
    return [{ level: "error", line: null, name: "", problem, remedy }];
  }
  const found: Finding[] = [];
  const vars = isTable(settings.vars) ? settings.vars : {};
  const report: Report = (level, path, problem, remedy) => {
    const [name = ""] = path;
    const isVariable = name in vars || name in VARIABLES;
    const below = isVariable ? ["vars", ...path] : ["secrets", "required"];
    const line = toml.lineOf(["env", environment, ...below]);
    found.push({ level, line, name: path.join("."), problem, remedy });
  };
  checkNames(vars, report);
  const required = secretNames(at(settings, ["secrets", "required"]));
  checkParsed({ toml, environment, settings, vars, secrets }, found);
  const unread = unreadIn(secrets);
  for (const name of unread) {
    const remedy = "npm run smoke tells whether the Worker that is deployed takes it.";
    report("note", [name], "is a secret, whose value cannot be read from here", remedy);
  }
  advise({
    vars: readable({ ...vars, ...variablesIn(secrets) }),
    environment,
    required,
    secrets,
    unread,
    // What is not known is no reason for advice.
    report: (level, path, ...said) => {
      if (!unread.includes(String(path[0]))) report(level, path, ...said);
    },
  });
  const add = (all: readonly Said[], above: Path) => {
    for (const { path, ...said } of all) {
      found.push({ ...said, line: toml.lineOf([...above, ...path]), name: path.join(".") });
    }
  };
  add(adviseTables(toml.root, environment, settings), []);
  add(adviseRoutes(settings, toml.root), ["env", environment]);
  add(adviseCrons(settings, toml.root, vars), ["env", environment]);
  const key = ({ line, name, problem }: Finding) => `${line} ${name} ${problem}`;
  const unique = new Map(found.map((finding) => [key(finding), finding]));
  return [...unique.values()].sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

/** A variable may be a secret too. Of those that are set, Cloudflare tells the names alone. */
const unreadIn = (secrets: Checked["secrets"]) =>
  [...(secrets ?? [])].flatMap(([name, value]) =>
    value === null && name in VARIABLES ? [name] : [],
  );

const variablesIn = (secrets: Checked["secrets"]) =>
  Object.fromEntries(
    [...(secrets ?? [])].filter(([name, value]) => value !== null && name in VARIABLES),
  );

const secretNames = (value: unknown) =>
  Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];

/** A name that the Worker does not know would be ignored, and its default used. */
function checkNames(vars: Table, report: Report): void {
  const known = Object.keys(VARIABLES);
  for (const name of Object.keys(vars)) {
    if (known.includes(name) || isSecretName(name)) continue;
    const near = nearest(name, known);
    const remedy =
      near === null
        ? `Take it out. There are: ${known.join(", ")}.`
        : `Did you mean ${near}? Under this name it is ignored.`;
    report("error", [name], "no such variable", remedy);
  }
}

/** A secret among the variables is the advice's concern. */
const isSecretName = (name: string) => /TOKEN|SECRET/.test(name);

interface Settings {
  readonly toml: Toml;
  readonly environment: string;
  readonly settings: Table;
  readonly vars: Table;
  readonly secrets: Checked["secrets"];
}

/** What the Worker itself would say. Bad variables hide the rest from it, so they are left out of a second look. */
function checkParsed(given: Settings, found: Finding[]): void {
  const { toml, environment, settings, vars, secrets } = given;
  const bindings = Object.fromEntries(bindingsOf(settings).map((name) => [name, {}]));
  let remaining = vars;
  for (;;) {
    const values = secretValues(remaining, secrets);
    const result = parseConfig({ ...remaining, ...values, ...bindings });
    if (result.ok) return;
    const bad = new Set<string>();
    for (const said of withoutEchoes(result.problems)) {
      const { name, problem } = splitProblem(said);
      const [variable = ""] = name.split(".");
      if (variable in remaining) bad.add(variable);
      const path = name.split(".").map((part) => (/^\d+$/.test(part) ? Number(part) : part));
      const line = toml.lineOf(["env", environment, "vars", ...path]);
      const isStar = name === "CORS_ORIGINS" && remaining[name] === "*";
      const remedy = misspeltKeyRemedy(said) ?? remedyOf(variable, environment);
      found.push({ level: "error", line, name, problem: isStar ? NO_STAR : problem, remedy });
    }
    if (bad.size === 0) return;
    remaining = Object.fromEntries(Object.entries(remaining).filter(([name]) => !bad.has(name)));
  }
}

function remedyOf(name: string, environment: string): string {
  if (REQUIRED_BINDINGS.some((binding) => binding === name)) return BINDING_REMEDY;
  if (name in VARIABLES) return remedyFor(name);
  return `Set it: npm run wrangler -- secret put ${name} --env ${environment} (before the first deploy: --secrets-file).`;
}

/** Names of the bindings that the environment declares. */
function bindingsOf(settings: Table): string[] {
  const lists = [
    settings.kv_namespaces,
    at(settings, ["durable_objects", "bindings"]),
    settings.ratelimits,
    settings.analytics_engine_datasets,
  ];
  return lists
    .flatMap((list) => (Array.isArray(list) ? list : []))
    .map((entry) => at(entry, ["binding"]) ?? at(entry, ["name"]))
    .filter((name) => typeof name === "string");
}

/** The secrets as the Worker would find them; where they are not known, all that the variables name. */
function secretValues(vars: Table, secrets: Checked["secrets"]): Record<string, string> {
  const known = secrets ?? new Map(namedSecrets(readable(vars)).map((name) => [name, null]));
  // A flaw in a value is the advice's concern: the Worker would only say it again, in vaguer words.
  const seen = (name: string, value: string | null) =>
    value === null || (value !== "" && flawOf(name, value) !== null) ? SOME_SECRET : value;
  const unread = unreadIn(secrets);
  const told = [...known].filter(([name]) => !unread.includes(name));
  return Object.fromEntries(told.map(([name, value]) => [name, seen(name, value)]));
}
