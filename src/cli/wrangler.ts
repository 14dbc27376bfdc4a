/**
 * `npm run wrangler -- deploy --env production`: the project's wrangler with a deadline and, when it fails,
 * with what is live now and what to do. Everything else is wrangler's own: arguments, prompts, output.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import * as z from "zod/mini";
import { readSecrets } from "./config/secrets-file.ts";
import { at, readToml } from "./config/toml.ts";
import { workerNameOf } from "./config/worker-name.ts";
import { configuration, deadlineMs, ROOT, runWrangler, WRANGLER } from "./run-wrangler.ts";
import { saysNoWorker } from "./wrangler/blame.ts";
import { type Command, commandOf, MAKES_LIVE, optionOf } from "./wrangler/command.ts";
import { explain, explainDeletion, type Failure, type Live } from "./wrangler/failure.ts";
import { NO_WORKER_YET, refuse, refuseSecrets, unnamedSecret } from "./wrangler/refusal.ts";
import { readSecret } from "./wrangler/secret.ts";

const DEADLINE_SECONDS = 180;

/** For asking what is live: never `DEADLINE_SECONDS`, which is for the command, and may be too short for a question. */
const QUESTION_MS = 30_000;

/** These go on until somebody stops them. */
const ENDLESS = ["dev", "tail", "login"];

/** The exit code of what a Ctrl-C has ended. */
const STOPPED = 130;

const statusSchema = z.object({
  id: z.string(),
  versions: z.array(z.object({ version_id: z.string(), percentage: z.number() })),
});
const secretsSchema = z.array(z.object({ name: z.string() }));
const namespacesSchema = z.array(z.object({ id: z.string(), title: z.string() }));

/** The JSON in wrangler's output, behind whatever it says first. */
const jsonIn = (output: string): unknown => JSON.parse(output.slice(output.search(/^[[{]/m)));

async function whatIsLive(environment: readonly string[]): Promise<Live | null | "unknown"> {
  const args = ["deployments", "status", ...environment, "--json"];
  const { ok, stdout, stderr } = await runWrangler(args, QUESTION_MS);
  if (!ok) return saysNoWorker(stdout + stderr) ? null : "unknown";
  const { id, versions } = statusSchema.parse(jsonIn(stdout));
  return { id, versions: versions.map(({ version_id, ...rest }) => ({ id: version_id, ...rest })) };
}

/** The names of the secrets that are there; null where Cloudflare does not say. */
async function secretNames(environment: readonly string[]): Promise<string[] | null> {
  const { ok, stdout } = await runWrangler(["secret", "list", ...environment], QUESTION_MS);
  return ok ? secretsSchema.parse(jsonIn(stdout)).map(({ name }) => name) : null;
}

/** Namespaces by the titles that wrangler gives to those that it makes for a Worker's bindings. */
async function orphans(text: string, environment: string | null): Promise<Failure["orphans"]> {
  const read = readToml(text);
  if (!read.ok || environment === null) return [];
  const { root } = read.toml;
  const bindings = z
    .array(z.object({ binding: z.string() }))
    .safeParse(at(root, ["env", environment, "kv_namespaces"]));
  const worker = workerNameOf(root, environment);
  const { ok, stdout } = await runWrangler(["kv", "namespace", "list"], QUESTION_MS);
  if (!ok) return [];
  const all = namespacesSchema.parse(jsonIn(stdout));
  return (bindings.data ?? []).flatMap(({ binding }) => {
    const title = `${worker}-${binding.toLowerCase().replaceAll("_", "-")}`;
    return all.filter((other) => other.title === title).map(({ id }) => ({ id, binding }));
  });
}

/** Of a file that cannot be read, or holds something else, wrangler says why. */
function secretsIn(file: string | undefined): ReadonlyMap<string, string> | null {
  return file === undefined ? null : secretsOf(() => readFileSync(resolve(ROOT, file), "utf8"));
}

function secretsOf(read: () => string): ReadonlyMap<string, string> | null {
  try {
    return readSecrets(read());
  } catch {
    return null;
  }
}

const bulkFileOf = ({ words }: Command) =>
  words.includes("bulk") ? words[words.indexOf("bulk") + 1] : undefined;

/** @returns why it is not worth trying, line by line, or null */
function refusalOf(args: readonly string[], command: Command, text: string): string[] | null {
  const file = optionOf(args, /^--secrets-file$/) ?? bulkFileOf(command);
  const secrets = secretsIn(file);
  const asksBack = process.stdin.isTTY && !args.some((arg) => /^(-y|--yes)$/.test(arg));
  return refuse({ ...command, text, secrets, asksBack });
}

/** @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  const command = commandOf(args, process.env);
  const text = configuration();
  const refused = refusalOf(args, command, text);
  if (refused !== null) return fail(refused);
  const note = unnamedSecret(command.words, text, command.environment ?? "");
  if (note !== null && !command.help) console.error(note);
  const words = command.words.join(" ");
  const environment = command.environment === null ? [] : ["--env", command.environment];
  // Asked first: afterwards nothing else tells for sure whether the command still changed something.
  const matters = MAKES_LIVE.test(words) && environment.length > 0 && !command.help;
  const before = matters ? await whatIsLive(environment) : "unknown";
  let stdin: string | null = null;
  const isBulk = /^(versions )?secret bulk$/.test(words) && !process.stdin.isTTY;
  if (!command.help && (isBulk || /^(versions )?secret put \S/.test(words))) {
    if (before === null) return fail(NO_WORKER_YET);
    const given = await readSecret(process.stdin, process.stderr);
    if (given === null) return STOPPED;
    stdin = given;
    const name = command.words.at(-1) ?? "";
    const flawed = refuseSecrets(isBulk ? secretsOf(() => given) : new Map([[name, given]]));
    if (flawed !== null) return fail(flawed);
  }
  const child = spawn(process.execPath, [...WRANGLER, ...args], {
    cwd: ROOT,
    env: { ...process.env, WRANGLER_SEND_METRICS: "false" },
    // wrangler asks questions where standard output is a terminal; errors alone are read along.
    stdio: [stdin === null ? "inherit" : "pipe", "inherit", "pipe"],
  });
  child.stdin?.end(stdin);
  const chunks: string[] = [];
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    chunks.push(chunk);
    process.stderr.write(chunk);
  });
  // A Ctrl-C reaches wrangler by itself, and this process waits for its end.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill("SIGKILL");
  }, deadlineMs(DEADLINE_SECONDS));
  if (ENDLESS.includes(words)) clearTimeout(timer);
  const [code] = await once(child, "close");
  clearTimeout(timer);
  if (code === 0 || (code === null && !timedOut)) return code ?? STOPPED;
  const output = chunks.join("");
  const [verb, noun, name = ""] = command.words;
  if (verb === "secret" && noun === "delete") {
    const deletion = explainDeletion(name, await secretNames(environment), output);
    if (deletion !== null) {
      fail(["", deletion.words]);
      return deletion.done ? 0 : 1;
    }
  }
  const live = await whatIsLive(environment);
  const left =
    live === null && /^deploy\b/.test(words) ? await orphans(text, command.environment) : [];
  fail(["", ...explain({ args, output, timedOut, before, live, orphans: left })]);
  return typeof code === "number" ? code : 1;
}

/** @returns the exit code */
function fail(lines: readonly string[]): number {
  console.error(lines.join("\n"));
  return 1;
}

process.exitCode = await main(process.argv.slice(2));
