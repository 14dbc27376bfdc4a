/** Commands that can do no good, refused before wrangler starts. Decisions only; nothing quotes a secret. */

import { VARIABLES } from "../../config/variables.ts";
import { refusalOf, withoutEnvironment } from "../config/refusal.ts";
import { nearest } from "../config/remedies.ts";
import { flawOf } from "../config/secret-value.ts";
import { namedSecrets, readable } from "../config/secrets.ts";
import { at, isTable, readToml } from "../config/toml.ts";
import { type Command, MAKES_LIVE, SETS_SECRET, UPLOADS } from "./command.ts";

export interface Asked extends Command {
  /** Of `wrangler.toml`. */
  readonly text: string;
  /** What `--secrets-file`, or the file of `secret bulk`, holds; null without one. */
  readonly secrets: ReadonlyMap<string, string> | null;
  /** Somebody can be asked which versions are meant. */
  readonly asksBack: boolean;
}

/** @returns why, line by line; null for what may be tried */
export function refuse(asked: Asked): string[] | null {
  const { words, environment, help, text, secrets } = asked;
  const command = words.join(" ");
  if (help) return null;
  const changes = [MAKES_LIVE, UPLOADS, SETS_SECRET].some((kind) => kind.test(command));
  if (changes && environment === null) return withoutEnvironment(repeatable(words));
  const unknown = environment === null ? null : unknownEnvironment(text, environment);
  if (unknown !== null) return unknown;
  if (UPLOADS.test(command)) {
    const refused = refusalOf({ command: nameOf(command), environment, text });
    return refused ?? refuseSecrets(secrets);
  }
  if (/^versions deploy\b/.test(command)) return refuseShares(words.slice(2), asked.asksBack);
  if (/^(versions )?secret bulk\b/.test(command)) return refuseSecrets(secrets);
  if (/^(versions )?secret delete\b/.test(command)) return refuseDeletion(words, text, environment);
  if (/^(versions )?secret put\b/.test(command)) {
    const [name, ...others] = words.slice(words.indexOf("put") + 1);
    if (name !== undefined && others.length > 0) return ONLY_THE_NAME;
  }
  return null;
}

/** The command without what it is about, which may be a secret in the wrong place. */
const nameOf = (command: string) => /^(versions )?(secret )?[a-z]+/.exec(command)?.[0] ?? command;

/** The command with what it is about, as far as that is of the form of a secret's name or a version. */
function repeatable(words: readonly string[]): string {
  const name = nameOf(words.join(" "));
  const about = words.slice(name.split(" ").length).filter((word) => REPEATABLE.test(word));
  return [name, ...(SETS_SECRET.test(name) ? about.slice(0, 1) : about)].join(" ");
}

const REPEATABLE = /^([A-Z][A-Z0-9_]{0,63}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(@\d+)?)$/;

/** Cloudflare would be asked, and told, about another Worker. */
function unknownEnvironment(text: string, environment: string): string[] | null {
  const read = readToml(text);
  // What is wrong with the file itself is said elsewhere.
  if (!read.ok || at(read.toml.root, ["env", environment]) !== undefined) return null;
  const { env } = read.toml.root;
  return [
    `Refused: wrangler.toml has no [env.${environment}].`,
    `Choose with --env one of: ${isTable(env) ? Object.keys(env).join(", ") : ""}.`,
  ];
}

/** @returns what to say of `secret put` for a name that may be misspelt, or null */
export function unnamedSecret(words: readonly string[], text: string, environment: string) {
  const [, name] = /^(?:versions )?secret put ([A-Z][A-Z0-9_]{0,63})$/.exec(words.join(" ")) ?? [];
  const needed = neededSecrets(text, environment);
  if (name === undefined || needed === null) return null;
  const named = [...needed, ...Object.keys(VARIABLES)];
  if (named.includes(name)) return null;
  const near = nearest(name, named);
  const question = near === null ? "" : ` Did you mean ${near}?`;
  return `Note: nothing in wrangler.toml names ${name}, so it has no effect until something does.${question}`;
}

/** What `wrangler.toml` requires, and what its variables name; null where it cannot be read. */
function neededSecrets(text: string, environment: string | null): string[] | null {
  const read = readToml(text);
  if (!read.ok) return null;
  const settings = at(read.toml.root, ["env", environment ?? ""]);
  const required = at(settings, ["secrets", "required"]);
  const vars = at(settings, ["vars"]);
  return [
    ...(Array.isArray(required) ? required.map(String) : []),
    ...namedSecrets(readable(isTable(vars) ? vars : {})),
  ];
}

/** Without a secret that it needs, a Worker answers everybody with 500. */
function refuseDeletion(words: readonly string[], text: string, environment: string | null) {
  const name = words.at(-1) ?? "";
  if (neededSecrets(text, environment)?.includes(name) !== true) return null;
  return [
    `Refused: wrangler.toml needs ${name}, and without it every request would be answered with 500.`,
    "First take it out of wrangler.toml (`required`, and the variable that names it) and deploy; then delete it.",
  ];
}

const ONLY_THE_NAME = [
  "Refused: `secret put` takes the name alone, and asks for the value.",
  "If the value stood beside it, the shell's history has it now: make another token, and put that one.",
];

/** @param secrets values to be uploaded, by name */
export function refuseSecrets(secrets: ReadonlyMap<string, string> | null): string[] | null {
  const flaws = [...(secrets ?? [])].flatMap(([name, value]) => {
    const flaw = flawOf(name, value);
    return flaw === null ? [] : [`${name}: ${flaw.problem}. ${flaw.remedy}`];
  });
  if (flaws.length === 0) return null;
  return [...flaws, "Refused: nothing was uploaded. Mend it, then run the same command again."];
}

/** Nothing can be told to a Worker that is not there, and wrangler would make an empty one. */
export const NO_WORKER_YET = [
  "Refused: there is no such Worker yet, so it can have no secret.",
  "The first deployment brings it along: npm run wrangler -- deploy --env production --secrets-file .secrets.env",
];

/** @param specs `id@share`, each; wrangler takes what is live for what is left out */
function refuseShares(specs: readonly string[], asksBack: boolean): string[] | null {
  const ids = specs.map((spec) => spec.split("@")[0] ?? "");
  const why =
    specs.length === 0 && !asksBack
      ? "without versions and shares this deploys once more what is live, and says nothing of it."
      : ids.includes("")
        ? "a share stands there without a version: is the shell's variable empty?"
        : new Set(ids).size < ids.length
          ? "the same version stands there twice: was the new one uploaded?"
          : null;
  if (why === null) return null;
  return [
    `Refused: ${why}`,
    "Give each version by its id with its share, NEW@10 OLD@90; the ids: npx wrangler versions list --env production",
  ];
}
