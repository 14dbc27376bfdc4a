/**
 * `npm run wrangler -- deploy --env production`: the project's wrangler with a deadline and, when it fails,
 * with what is live now and what to do. Everything else is wrangler's own: arguments, prompts, output.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod/mini";
import { at, readToml } from "./config/toml.ts";
import { deadlineMs, ROOT, runWrangler, WRANGLER } from "./run-wrangler.ts";
import { explain, type Failure, type Live, MAKES_LIVE } from "./wrangler/failure.ts";

const DEADLINE_SECONDS = 180;

/** These go on until somebody stops them. */
const ENDLESS = ["dev", "tail", "login"];

const statusSchema = z.object({
  id: z.string(),
  versions: z.array(z.object({ version_id: z.string(), percentage: z.number() })),
});
const namespacesSchema = z.array(z.object({ id: z.string(), title: z.string() }));

/** The JSON in wrangler's output, behind whatever it says first. */
const jsonIn = (output: string): unknown => JSON.parse(output.slice(output.search(/^[[{]/m)));

async function whatIsLive(environment: readonly string[]): Promise<Live | null | "unknown"> {
  const args = ["deployments", "status", ...environment, "--json"];
  const { ok, stdout, stderr } = await runWrangler(args);
  if (!ok) return /code: 10007|code: 10090/.test(stdout + stderr) ? null : "unknown";
  const { id, versions } = statusSchema.parse(jsonIn(stdout));
  return { id, versions: versions.map(({ version_id, ...rest }) => ({ id: version_id, ...rest })) };
}

/** Namespaces by the titles that wrangler gives to those that it makes for a Worker's bindings. */
async function orphans(environment: string): Promise<Failure["orphans"]> {
  const read = readToml(readFileSync(join(ROOT, "wrangler.toml"), "utf8"));
  const settings = read.ok ? at(read.toml.root, ["env", environment]) : undefined;
  const bindings = z
    .array(z.object({ binding: z.string() }))
    .safeParse(at(settings, ["kv_namespaces"]));
  const worker = String(at(settings, ["name"]));
  const { ok, stdout } = await runWrangler(["kv", "namespace", "list"]);
  if (!ok) return [];
  const all = namespacesSchema.parse(jsonIn(stdout));
  return (bindings.data ?? []).flatMap(({ binding }) => {
    const title = `${worker}-${binding.toLowerCase().replaceAll("_", "-")}`;
    return all.filter((other) => other.title === title).map(({ id }) => ({ id, binding }));
  });
}

/** The `--env` among the arguments, in either spelling. */
function environmentOf(args: readonly string[]): string[] {
  const index = args.findIndex((arg) => /^(--env|-e)(=|$)/.test(arg));
  if (index === -1) return [];
  return args[index]?.includes("=") ? args.slice(index, index + 1) : args.slice(index, index + 2);
}

/** @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  const environment = environmentOf(args);
  // Asked first: afterwards nothing else tells for sure whether the command still changed something.
  const matters = MAKES_LIVE.test(args.join(" ")) && environment.length > 0;
  const before = matters ? await whatIsLive(environment) : "unknown";
  const child = spawn(process.execPath, [...WRANGLER, ...args], {
    cwd: ROOT,
    env: { ...process.env, WRANGLER_SEND_METRICS: "false" },
    // wrangler asks questions where standard output is a terminal; errors alone are read along.
    stdio: ["inherit", "inherit", "pipe"],
  });
  const chunks: string[] = [];
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
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
  if (ENDLESS.includes(args[0] ?? "")) clearTimeout(timer);
  const [code] = await once(child, "close");
  clearTimeout(timer);
  if (code === 0 || (code === null && !timedOut)) return code ?? 130;
  const live = await whatIsLive(environment);
  const left =
    live === null && args[0] === "deploy"
      ? await orphans(environment.at(-1)?.replace("--env=", "") ?? "")
      : [];
  const output = chunks.join("");
  const lines = explain({ args, output, timedOut, before, live, orphans: left });
  console.error(`\n${lines.join("\n")}`);
  return typeof code === "number" ? code : 1;
}

process.exitCode = await main(process.argv.slice(2));
