/** Where callers reach the Worker: `routes` of an environment, as people write them. */
import type { Said } from "./finding.ts";
import { at, isTable, type Path, type Table } from "./toml.ts";

const SUCH_AS =
  'Such as: routes = [{ pattern = "balance.your-company.com", custom_domain = true }].';
const HOST = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/i;
/** Domains that nobody has (RFC 2606). */
const PLACEHOLDER = /(^|\.)example(\.(com|net|org))?$/i;

/**
 * @param root of the file: what it has at its top, an environment has too unless it says otherwise
 * @returns what is wrong, at paths below the environment, at most one thing of each route. Quotes nothing of the file
 */
export function adviseRoutes(settings: Table, root: Table): Said[] {
  const { routes, route, workers_dev } = { ...pick(root), ...pick(settings) };
  if (route !== undefined) return saidOf(route, ["route"]);
  if (routes === undefined || (Array.isArray(routes) && routes.length === 0)) {
    // Where nothing is said, wrangler publishes on workers.dev.
    if (workers_dev !== false) return [];
    const problem = "the Worker would answer nowhere: neither a route nor workers_dev = true";
    return [{ level: "error", path: ["routes"], problem, remedy: SUCH_AS }];
  }
  if (!Array.isArray(routes)) {
    const problem = "is not a list: its brackets are missing";
    return [{ level: "error", path: ["routes"], problem, remedy: SUCH_AS }];
  }
  return routes.flatMap((entry, index) => saidOf(entry, ["routes", index]));
}

const pick = (table: Table) =>
  Object.fromEntries(
    ["routes", "route", "workers_dev"].flatMap((name) =>
      table[name] === undefined ? [] : [[name, table[name]]],
    ),
  );

function saidOf(entry: unknown, path: Path): Said[] {
  const pattern = typeof entry === "string" ? entry : at(entry, ["pattern"]);
  const custom = at(entry, ["custom_domain"]);
  const inZone = at(entry, ["zone_name"]) ?? at(entry, ["zone_id"]);
  const below = isTable(entry) && pattern !== undefined ? [...path, "pattern"] : path;
  const problem = problemOf(pattern, custom, inZone !== undefined);
  if (problem !== null) return [{ level: "error", path: below, problem, remedy: SUCH_AS }];
  const [host = ""] = String(pattern).split("/");
  if (!PLACEHOLDER.test(host)) return [];
  return [
    {
      level: "note",
      path: below,
      problem:
        "is still the placeholder that the project comes with: nothing can be deployed there",
      remedy: "Put your own domain there; its zone must be in the same Cloudflare account.",
    },
  ];
}

function problemOf(pattern: unknown, custom: unknown, inZone: boolean): string | null {
  if (typeof pattern !== "string") return "has no pattern, which is the host's name in quotes";
  if (pattern.includes("://")) return "has a scheme (https://): the host alone is the pattern";
  if (typeof custom === "string") return "custom_domain must be true, without quotes";
  if (custom !== true) {
    if (inZone && pattern.includes("/")) return null;
    return "custom_domain = true is missing: as a plain route it needs a zone_name, a path (/*) and a DNS record of its own";
  }
  if (pattern.includes("*")) return "has a `*`: a custom domain is one host, with all of its paths";
  if (pattern.includes("/")) return "has a path: a custom domain is a host, with all of its paths";
  return HOST.test(pattern) ? null : "is no host name";
}
