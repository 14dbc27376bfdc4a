/**
 * `npm run config -- --env production`: everything that is wrong with the configuration, at once, with line
 * and remedy, read by the Worker's own code. Where there is a login it also asks Cloudflare which secrets
 * there are.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import * as z from "zod/mini";
import { checkConfig } from "./config/check.ts";
import { readSecrets } from "./config/secrets-file.ts";
import { at, readToml } from "./config/toml.ts";
import { whyUnseen } from "./config/unseen.ts";
import { written } from "./config/write.ts";
import { ROOT, runWrangler } from "./run-wrangler.ts";

const HELP = `Usage: npm run config -- --env production [--secrets-file FILE] [--offline] [--config FILE]

  --env NAME            the environment of wrangler.toml
  --secrets-file FILE   what the first deployment would upload: NAME=value, line by line
  --offline             do not ask Cloudflare which secrets there are
  --config FILE         another file than wrangler.toml`;

type Secrets = ReadonlyMap<string, string | null> | null;

const secretListSchema = z.array(z.object({ name: z.string() }));

/** The names of the secrets that are set; or a sentence that says why they are not known. */
async function secretsAtCloudflare(environment: string): Promise<NonNullable<Secrets> | string> {
  const args = ["secret", "list", "--env", environment, "--format", "json"];
  const { ok, stdout, stderr } = await runWrangler(args);
  if (!ok) return whyUnseen(stdout + stderr, environment);
  const list = secretListSchema.parse(JSON.parse(stdout.slice(stdout.search(/^\[/m))));
  return new Map(list.map(({ name }) => [name, null]));
}

/** @param option of the command line, which named the file. @throws Error that says why not, and quotes nothing */
function readGiven(option: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    if (code === "ENOENT") throw new Error(`${option}: there is no file ${file}.`);
    if (code === "EISDIR") throw new Error(`${option}: ${file} is a folder.`);
    throw new Error(`${option}: ${file} cannot be read (${String(code)}).`);
  }
}

function secretsIn(file: string): Secrets {
  const text = readGiven("--secrets-file", file);
  try {
    return readSecrets(text);
  } catch {
    // What was thrown may quote a secret.
    throw new Error(
      `--secrets-file: ${file} is neither JSON ({"NAME": "value"}) nor NAME=value line by line.`,
    );
  }
}

const isThere = (text: string, environment: string) => {
  const read = readToml(text);
  return read.ok && at(read.toml.root, ["env", environment]) !== undefined;
};

/** @returns the exit code */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      env: { type: "string" },
      "secrets-file": { type: "string" },
      offline: { type: "boolean" },
      config: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  const { env: environment, config: other, offline = false } = values;
  if (values.help === true || environment === undefined) {
    console.log(HELP);
    return values.help === true ? 0 : 2;
  }
  const file = other ?? "wrangler.toml";
  const secretsFile = values["secrets-file"];
  const text = readGiven("--config", resolve(ROOT, file));
  const isKnown = isThere(text, environment);
  const there =
    offline || secretsFile !== undefined || !isKnown
      ? whyUnseen(null, environment)
      : await secretsAtCloudflare(environment);
  const known = typeof there === "string" ? null : there;
  const secrets = secretsFile === undefined ? known : secretsIn(resolve(secretsFile));
  const findings = checkConfig({ text, environment, secrets });
  for (const finding of findings) console.log(written(finding, file));
  const errors = findings.filter(({ level }) => level === "error").length;
  if (secrets === null && isKnown && typeof there === "string") console.log(there);
  const verdict = errors === 1 ? "1 thing is wrong." : `${errors} things are wrong.`;
  console.log(errors === 0 ? `The configuration of ${environment} is good.` : verdict);
  return errors === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  // An argument or a file that is not there.
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
  process.exitCode = 2;
}
