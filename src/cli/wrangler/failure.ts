/** What to do when wrangler fails: by Cloudflare's number, and by what is live afterwards. Decisions only. */

import { stripVTControlCharacters } from "node:util";
import { type Blame, blameFor, codesOf } from "./blame.ts";
import { commandOf, MAKES_LIVE } from "./command.ts";

/** Cloudflare's numbers, what they mean here, and what to do. */
export const BY_CODE: Readonly<Record<string, string>> = {
  10000:
    "The login may not do this. Log in again (npx wrangler login), or give the API token the permissions that DEPLOY.md names.",
  10014:
    "The KV namespaces are there and the Worker is not: an earlier first deployment stopped halfway, or the Worker was deleted.",
  10041:
    "A KV namespace of the Worker was deleted. Make another (npx wrangler kv namespace create NAME), put its id beside its binding in wrangler.toml, and deploy.",
  10057:
    "A secret is missing that `secrets.required` in wrangler.toml names. Give it with --secrets-file FILE; or, where a version is live already, set it first with `secret put`.",
  10061:
    "wrangler.toml binds a Durable Object class that no migration makes. Put the `migrations` back as they were, and add new classes in a new one.",
  10079:
    "The migrations of wrangler.toml do not follow those that are live. Deploy a commit that has all of them; never take one out.",
  10210: "The shares do not add up to 100 %.",
  10211:
    "This version changes Durable Object classes, so it cannot be split: deploy it as a whole with `deploy`.",
  10215:
    "Versions are split, or the latest upload is not live. To set a secret now, deploy the commit that should be live with --secrets-file FILE.",
  10220:
    "That version has older secrets than the live one. Deploy its commit instead: the secrets of today stay.",
  100117:
    "The domain in `routes` of wrangler.toml has no zone in this Cloudflare account. Put your own domain there, or log in to the account that has its zone.",
};

/** 10014 where the Worker is there: wrangler takes a failure of that question for "nothing is bound". */
const BINDINGS_UNKNOWN =
  "Cloudflare did not say which KV namespaces are bound, so wrangler tried to make new ones. Nothing was made.";

/** 10014 on a first deployment, when the namespaces could not be listed afterwards. */
const ORPHANS_UNSEEN =
  "Put the id of each that bears the Worker's name beside its binding in wrangler.toml (npx wrangler kv namespace list shows them), then run the command again.";

/** Where the list of namespaces is refused, wrangler makes none and says nothing of it. */
const NAMESPACES_UNSEEN = /inherit binding '(BALANCE_KV|API_KEYS)' is invalid/;
const UNSEEN_ADVICE =
  "Cloudflare did not show the KV namespaces, so wrangler took them for made. Log in again (npx wrangler login), or give the API token the permission Workers KV Storage: Edit; then run the command again.";

/** What `wrangler deployments status` says; null where nothing is deployed. */
export interface Live {
  /** Of the deployment. */
  readonly id: string;
  readonly versions: readonly { readonly id: string; readonly percentage: number }[];
}

export interface Failure {
  /** As it was given to wrangler. */
  readonly args: readonly string[];
  readonly output: string;
  /** It did not end by itself. */
  readonly timedOut: boolean;
  /** Before the command and after it. `unknown`: Cloudflare was not, or could not be, asked. */
  readonly before: Live | null | "unknown";
  readonly live: Live | null | "unknown";
  /** KV namespaces that are there without the Worker, and the bindings they were made for. */
  readonly orphans: readonly { readonly id: string; readonly binding: string }[];
}

/** @returns what it came to and what to do, line by line */
export function explain(failure: Failure): string[] {
  const command = failure.args.join(" ");
  const lines = [
    failure.timedOut
      ? "Cloudflare did not answer in time, so wrangler was stopped."
      : "wrangler did not finish.",
  ];
  const output = stripVTControlCharacters(failure.output);
  const codes = codesOf(output);
  const { live, orphans } = failure;
  if (live !== null && codes.includes("10014")) lines.push(BINDINGS_UNKNOWN);
  const known = codes
    .filter((code) => code !== "10014" || live === null)
    .filter((code) => code !== "10057" || !NAMESPACES_UNSEEN.test(output))
    .map((code) => BY_CODE[code])
    .filter((text) => text !== undefined);
  const byWords = secretNotLive(output) ? [BY_CODE[10215] ?? ""] : [];
  if (NAMESPACES_UNSEEN.test(output)) byWords.push(UNSEEN_ADVICE);
  const advice = [...new Set([...known, ...byWords])];
  lines.push(...advice, ...stateOf(failure));
  if (live === null && orphans.length > 0) {
    lines.push(
      "Give it those that are there: each id beside its binding in wrangler.toml, then run the command again:",
      ...orphans.map(({ id, binding }) => `  binding = "${binding}"   id = "${id}"`),
    );
  } else if (live === null && codes.includes("10014")) {
    lines.push(ORPHANS_UNSEEN);
  } else if (advice.length === 0) {
    const blame = failure.timedOut ? "cloudflare" : blameFor(output);
    lines.push(...REMEDIES[blame](command));
  }
  return lines;
}

/**
 * Of a secret that should have been deleted, and is not there. Its name is not repeated: a value may have been
 * pasted in its place.
 *
 * @param names of the secrets that are there; null where Cloudflare does not say
 * @returns null where it is there still, or that is not known
 */
export function explainDeletion(
  name: string,
  names: readonly string[] | null,
  output: string,
): { readonly done: boolean; readonly words: string } | null {
  if (names === null || names.includes(name)) return null;
  return codesOf(stripVTControlCharacters(output)).includes("10056")
    ? { done: false, words: `There is no secret of this name. There are: ${names.join(", ")}.` }
    : { done: true, words: "The secret is not there any more, so nothing is left to do." };
}

/** For failures of which no number has advice of its own. */
const REMEDIES: Readonly<Record<Blame, (command: string) => string[]>> = {
  project: () => [
    "The project's own build refused it, before anything was sent to Cloudflare: the reason stands above, in the lines that begin with [custom build] (the long dump below them is wrangler's, and says no more).",
    "Mend it, then run the same command again. Repeating it as it is cannot help.",
  ],
  cloudflare: (command) => [
    `Run it again, it may be repeated: npm run wrangler -- ${command}`,
    "If it goes on: https://www.cloudflarestatus.com",
  ],
  request: () => [
    "Cloudflare refused it, and says above why, with its number. Mend that, then run the command again.",
  ],
  operator: () => ["The reason is above. Mend it, then run the command again."],
};

/** wrangler words this one itself, without the number. */
const secretNotLive = (output: string) => output.includes("isn't currently deployed");

function stateOf({ args, before, live }: Failure): string[] {
  const { words, environment } = commandOf(args);
  const makesLive = MAKES_LIVE.test(words.join(" "));
  if (live === "unknown") {
    const where = `--env ${environment ?? "production"}`;
    return [`What is live could not be asked: npx wrangler deployments status ${where}`];
  }
  if (live === null) return ["Nothing is live: there is no such Worker yet."];
  const shares = live.versions.map(({ id, percentage }) => `${id} at ${percentage} %`).join(", ");
  if (!makesLive) return [`Live, and not touched by this command: ${shares}.`];
  if (before === "unknown") return [`Live is now: ${shares}.`];
  return before?.id === live.id
    ? [`The old state is live, as before: ${shares}.`]
    : [
        `The new state is live: ${shares}.`,
        "Only what comes after it (domain, cron, settings) may be missing.",
      ];
}
