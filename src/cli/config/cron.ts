/** The cron of an environment: what Cloudflare takes, and whether it comes often enough for `/ready`. */
import { VARIABLES } from "../../config/variables.ts";
import type { Said } from "./finding.ts";
import { at, type Table } from "./toml.ts";

const CRONS = ["triggers", "crons"];
const SUCH_AS = 'Such as: crons = ["*/15 * * * *"].';
const FIELDS = /^[\w*,/#-]+( [\w*,/#-]+){4}$/;
const DAY_MINUTES = 24 * 60;

/**
 * Without crons of its own an environment has those of the top of the file.
 *
 * @returns what is wrong, at paths below the environment
 */
export function adviseCrons(settings: Table, root: Table, vars: Table): Said[] {
  const crons = at(settings, CRONS) ?? at(root, CRONS) ?? [];
  if (!Array.isArray(crons)) {
    const problem = "is not a list: its brackets are missing";
    return [{ level: "error", path: CRONS, problem, remedy: SUCH_AS }];
  }
  const bad = crons.flatMap((cron: unknown, index): Said[] => {
    if (typeof cron === "string" && FIELDS.test(cron.trim().replace(/\s+/g, " "))) return [];
    const problem = "has not five fields: minute, hour, day of the month, month, day of the week";
    return [{ level: "error", path: [...CRONS, index], problem, remedy: SUCH_AS }];
  });
  return bad.length > 0 ? bad : adviseReady(crons.map(String), vars);
}

function adviseReady(crons: readonly string[], vars: Table): Said[] {
  const minutes = longestPause(crons);
  const ready = Number(vars.READY_SECONDS ?? VARIABLES.READY_SECONDS.default);
  const fresh = Number(vars.FRESH_SECONDS ?? VARIABLES.FRESH_SECONDS.default);
  if (minutes === null) return [];
  // The cron leaves alone what is fresh when it comes.
  const turns = Math.floor(fresh / (minutes * 60)) + 1;
  if (!(ready <= turns * minutes * 60)) return [];
  const often =
    minutes === Number.POSITIVE_INFINITY
      ? "there is no cron"
      : `the cron comes every ${minutes} minutes`;
  const left = turns === 1 ? "" : `, and finds a value fresh for ${fresh} seconds`;
  const problem = `${often}${left}, so /ready fails after ${ready} seconds without readers`;
  const remedy =
    turns === 1
      ? "Raise READY_SECONDS to twice the cron's interval, or let the cron come more often."
      : "Raise READY_SECONDS to FRESH_SECONDS and twice the cron's interval.";
  return [{ level: "note", path: ["vars", "READY_SECONDS"], problem, remedy }];
}

/** In minutes; null where a cron does not come every day alike, or is written in a way that is not read here. */
function longestPause(crons: readonly string[]): number | null {
  if (crons.length === 0) return Number.POSITIVE_INFINITY;
  const times: number[] = [];
  for (const cron of crons) {
    const [minute = "", hour = "", ...days] = cron.trim().split(/\s+/);
    const [minutes, hours] = [valuesOf(minute, 60), valuesOf(hour, 24)];
    if (minutes === null || hours === null || days.some((field) => field !== "*")) return null;
    times.push(...hours.flatMap((h) => minutes.map((m) => h * 60 + m)));
  }
  times.sort((a, b) => a - b);
  const pauses = times.map(
    (time, index) => (times[index + 1] ?? (times[0] ?? 0) + DAY_MINUTES) - time,
  );
  return Math.max(...pauses);
}

/** Of `*`, `5`, `1-5`, each with a step (`/15`), or a list of those. */
function valuesOf(field: string, count: number): number[] | null {
  const values: number[] = [];
  for (const part of field.split(",")) {
    const [, from, to, step = "1"] = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/([1-9]\d*))?$/.exec(part) ?? [];
    if (!/^[\d*]/.test(part) || /[^\d*/-]/.test(part)) return null;
    const first = Number(from ?? 0);
    const isSingle = from !== undefined && to === undefined && !part.includes("/");
    const last = isSingle ? first : Number(to ?? count - 1);
    for (let n = first; n <= last && n < count; n += Number(step)) values.push(n);
  }
  return values.length === 0 ? null : values;
}
