/**
 * Runs before wrangler bundles (`[build]` in wrangler.toml). It refuses a deployment without an
 * environment, which would be a second Worker, and one whose variables are wrong. `wrangler dev` and types
 * pass.
 */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { checkConfig } from "./config/check.ts";
import { written } from "./config/write.ts";

const FILE = join(resolve(import.meta.dirname, "../.."), "wrangler.toml");

/** wrangler says here what it was asked for. */
const command = process.env.WRANGLER_COMMAND ?? "";
const [option, environment] = process.argv.slice(2);

function refusal(): string | null {
  if (command !== "deploy" && command !== "versions upload") return null;
  if (option !== "--env" || environment === undefined) {
    return [
      "Refused: without an environment this would be a second Worker, beside the one of production.",
      `Run: npm run wrangler -- ${command} --env production`,
    ].join("\n");
  }
  const text = readFileSync(FILE, "utf8");
  const errors = checkConfig({ text, environment, secrets: null }).filter(
    ({ level }) => level === "error",
  );
  if (errors.length === 0) return null;
  return [
    ...errors.map((finding) => written(finding, "wrangler.toml")),
    `Refused: nothing was deployed. All there is to know: npm run config -- --env ${environment}`,
  ].join("\n");
}

const message = refusal();
if (message !== null) {
  console.error(message);
  process.exitCode = 1;
}
