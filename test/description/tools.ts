/** The tools that `.ci/description/run` fetches, and the document that they read. */
import { type ExecFileOptions, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

export const DOCUMENT = resolve("dist/site/openapi.json");

/** A file of the tools' folder. */
export function tool(...path: string[]): string {
  const folder = process.env.DESCRIPTION_TOOLS;
  if (folder === undefined) throw new Error("Run .ci/description/run, which fetches the tools");
  return join(folder, ...path);
}

/** @returns what the command prints. @throws Error with all that it printed, when it fails */
export async function run(
  command: string,
  args: readonly string[],
  options: ExecFileOptions = {},
): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, {
    ...options,
    encoding: "utf8",
    maxBuffer: 10_000_000,
  }).catch(({ stdout = "", stderr = "" }: { stdout?: string; stderr?: string }) => {
    throw new Error(`${stdout}\n${stderr}`);
  });
  return stdout;
}

export interface Prism extends AsyncDisposable {
  readonly url: string;
}

/** @param upstream of a proxy: where to */
export async function startPrism(kind: "mock" | "proxy", ...upstream: string[]): Promise<Prism> {
  const prism = tool("node_modules/@stoplight/prism-cli/dist/index.js");
  const args = [prism, kind, DOCUMENT, ...upstream, "--host=127.0.0.1", "--port=0"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const lines = createInterface({ input: child.stdout });
  let url: string | undefined;
  for await (const line of lines) {
    url = /listening on (http:\S+)/.exec(line)?.[1];
    if (url !== undefined) break;
  }
  if (url === undefined) throw new Error("Prism has not started");
  child.stdout.resume();
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill();
      await exited;
    },
  };
}

/** What Prism finds wrong with an answer, as against the request that it is one to. */
export function violations(response: Response): string[] {
  const found = JSON.parse(response.headers.get("sl-violations") ?? "[]") as {
    readonly location: readonly string[];
    readonly message: string;
  }[];
  return found
    .filter(({ location }) => location[0] === "response")
    .map(({ location, message }) => `${location.join(".")}: ${message}`);
}
