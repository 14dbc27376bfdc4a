/** Which accounts a caller may be of, by `wrangler.toml`. */
import { readable } from "./secrets.ts";
import { at, isTable, readToml } from "./toml.ts";

/**
 * @param environment empty for the top of the file
 * @returns null where the file does not tell
 */
export function accountNames(text: string, environment: string): readonly string[] | null {
  const read = readToml(text);
  if (!read.ok) return null;
  const path = environment === "" ? ["vars"] : ["env", environment, "vars"];
  const vars = at(read.toml.root, path);
  if (!isTable(vars)) return null;
  const { ACCOUNTS: accounts = {} } = readable(vars);
  return isTable(accounts) ? [...new Set(["default", ...Object.keys(accounts)])] : null;
}
