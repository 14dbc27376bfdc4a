/** Which secrets the variables name. */
import { VARIABLES } from "../../config/variables.ts";
import { at, isTable, type Table } from "./toml.ts";

/** What is not of this form may be the secret itself, which must not be repeated. */
const NAME = /^[A-Z][A-Z0-9_]{0,63}$/;

/** The names of secrets that ACCOUNTS and ALERTS use, and the default account's. */
export function namedSecrets(vars: Table): string[] {
  const accounts = isTable(vars.ACCOUNTS) ? Object.values(vars.ACCOUNTS) : [];
  const tokens = accounts.map((account) => at(account, ["token"]));
  const hasDefault = isTable(vars.ACCOUNTS) && "default" in vars.ACCOUNTS;
  const targets = Array.isArray(vars.ALERTS) ? vars.ALERTS : [vars.ALERTS];
  const alerts = targets.flatMap((target) => at(target, ["secret"]));
  const names = [hasDefault ? [] : "ZOO_API_TOKEN", tokens, alerts].flat();
  const texts = names.filter((name) => typeof name === "string");
  return [...new Set(texts.filter((name) => NAME.test(name)))];
}

/** Variables that are lists or objects. */
export const STRUCTURED: ReadonlySet<string> = new Set(
  Object.entries(VARIABLES).flatMap(([name, variable]) =>
    typeof variable.default === "object" ? [name] : [],
  ),
);

/** Lists and objects may be given as JSON. */
export function readable(vars: Table): Table {
  const entries = Object.entries(vars).map(([name, value]) => {
    if (typeof value !== "string" || !STRUCTURED.has(name)) return [name, value];
    try {
      return [name, JSON.parse(value)];
    } catch {
      return [name, value];
    }
  });
  return Object.fromEntries(entries);
}
