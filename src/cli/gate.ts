/**
 * Runs before wrangler bundles (`[build]` in wrangler.toml). It refuses a deployment without an
 * environment, which would be a second Worker, and one whose variables are wrong. `wrangler dev` and types
 * pass.
 */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { refusalOf } from "./config/refusal.ts";

const FILE = join(resolve(import.meta.dirname, "../.."), "wrangler.toml");

/** wrangler says here what it was asked for. */
const command = process.env.WRANGLER_COMMAND ?? "";
const [option, name] = process.argv.slice(2);

const upload = command === "deploy" || command === "versions upload";
const environment = option === "--env" && name !== undefined ? name : null;
const message = upload
  ? refusalOf({ command, environment, text: readFileSync(FILE, "utf8") })
  : null;
if (message !== null) {
  console.error(message.join("\n"));
  process.exitCode = 1;
}
