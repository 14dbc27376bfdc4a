/** Tables and keys that wrangler does not know: it passes them over with a warning, and their content is lost. */
import { VARIABLES } from "../../config/variables.ts";
import type { Said } from "./finding.ts";
import { nearest } from "./remedies.ts";
import { isTable, type Path, type Table } from "./toml.ts";

/** What wrangler knows of an environment. A test holds it against wrangler's own schema. */
export const ENVIRONMENT_KEYS: readonly string[] = `
  access account_id agent_memory ai ai_search ai_search_namespaces analytics
  analytics_engine_datasets artifacts assets base_dir browser build cache cloudchamber
  compatibility_date compatibility_flags compliance_region connect containers d1_databases define
  dispatch_namespaces durable_objects exports find_additional_modules first_party_worker flagship
  hyperdrive images jsx_factory jsx_fragment k2 keep_names kv_namespaces limits logfwdr logpush
  main media migrations minify mtls_certificates name no_bundle observability pipelines placement
  preserve_file_names preview_urls previews python_modules queues r2_buckets ratelimits route
  routes rules secrets secrets_store_secrets send_email services stream streaming_tail_consumers
  tail_consumers triggers tsconfig unsafe unsafe_hello_world upload_source_maps vars vectorize
  version_metadata vpc_networks vpc_services worker_loaders workers_dev workflows
`
  .trim()
  .split(/\s+/);

/** Of the small tables, whose keys are typed by hand. */
const KEYS_OF: Readonly<Record<string, readonly string[]>> = {
  secrets: ["required"],
  triggers: ["crons", "events"],
};

/** @returns what is wrong, at paths from the top of the file */
export function adviseTables(root: Table, environment: string, settings: Table): Said[] {
  const above = ["env", environment];
  return [
    ...unknownIn(settings, ENVIRONMENT_KEYS, above),
    ...Object.entries(KEYS_OF).flatMap(([name, keys]) => {
      const table = settings[name];
      return isTable(table) ? unknownIn(table, keys, [...above, name]) : [];
    }),
    ...misspeltEnvironments(root, environment),
  ];
}

function unknownIn(table: Table, known: readonly string[], above: Path): Said[] {
  return Object.keys(table)
    .filter((name) => !known.includes(name))
    .map((name) => {
      const near = nearest(name, known);
      const written = (key: string) =>
        isTable(table[name]) ? `[${[...above, key].join(".")}]` : key;
      const remedy =
        name in VARIABLES
          ? `Move it below [${[...above, "vars"].join(".")}].`
          : near === null
            ? `Take it out, or put it where it belongs. There are: ${known.join(", ")}.`
            : `Did you mean ${written(near)}? Under this name all of it is ignored.`;
      return {
        level: "error",
        path: [...above, name],
        problem: "wrangler knows no such key",
        remedy,
      };
    });
}

/** One that has bindings is an environment in its own right, however it is called. */
function misspeltEnvironments(root: Table, environment: string): Said[] {
  const others = isTable(root.env) ? Object.entries(root.env) : [];
  return others.flatMap(([name, table]) => {
    if (name === environment || !isLike(name, environment)) return [];
    if (!isTable(table) || hasBindings(table)) return [];
    return {
      level: "error" as const,
      // Its own header may be missing: that of its first table has a line.
      path: ["env", name, ...Object.keys(table).slice(0, 1)],
      problem: `belongs to another environment, which has no bindings: nothing in it reaches ${environment}`,
      remedy: `Did you mean [env.${environment}]? If it is really another one, give it all that ${environment} has.`,
    };
  });
}

const hasBindings = (table: Table) => "kv_namespaces" in table || "durable_objects" in table;

const isLike = (name: string, environment: string) =>
  (name.length > 2 && environment.startsWith(name)) || nearest(name, [environment]) !== null;
