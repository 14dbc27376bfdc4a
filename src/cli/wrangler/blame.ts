/** Whose doing it was that wrangler failed, by what it has said. */
import { stripVTControlCharacters } from "node:util";

/**
 * - `project`: its build has refused.
 * - `cloudflare`: it failed, or could not be reached. This alone is to be repeated.
 * - `request`: Cloudflare refused it, by a number.
 * - `operator`: the arguments, the files or the machine.
 */
export type Blame = "project" | "cloudflare" | "request" | "operator";

const BUILD_REFUSED = /Running custom build .* failed/;
const BUNDLING_FAILED = /Build failed with \d+ errors?/;
const CALL_FAILED = /A request to the Cloudflare API/;
const CONNECTION_FAILED =
  /fetch failed|socket hang up|SocketError|other side closed|\b(ECONN|ETIMEDOUT|EAI_AGAIN|ENOTFOUND|EPIPE|UND_ERR)|network connection|Unexpected end of|terminated/i;
/** With these words Cloudflare speaks of itself. */
const PASSING =
  /unknown error|internal (server )?error|try again|temporar|unavailable|too many requests|rate.?limit|timed? ?out/i;

/** Cloudflare's numbers in wrangler's output. */
export const codesOf = (output: string): string[] =>
  [...stripVTControlCharacters(output).matchAll(/\[code: (\d+)\]/g)].map(([, code = ""]) => code);

/** Whether Cloudflare knows no Worker of that name. */
export const saysNoWorker = (output: string): boolean =>
  codesOf(output).some((code) => code === "10007" || code === "10090");

/** The build comes first: its dump speaks of sockets, and bundled code may speak of anything. */
export function blameFor(said: string): Blame {
  const output = stripVTControlCharacters(said);
  if (BUILD_REFUSED.test(output)) return "project";
  if (BUNDLING_FAILED.test(output)) return "operator";
  const refused = codesOf(output).some((code) => code !== "10014") && !PASSING.test(output);
  if (CALL_FAILED.test(output)) return refused ? "request" : "cloudflare";
  return CONNECTION_FAILED.test(output) ? "cloudflare" : "operator";
}
