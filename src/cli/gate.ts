/**
 * Runs before wrangler bundles (`[build]` in wrangler.toml). It refuses a deployment without an
 * environment, which would be a second Worker, and one whose variables are wrong. `wrangler dev` and types
 * pass.
 */
import { refusalOf } from "./config/refusal.ts";
import { configuration } from "./run-wrangler.ts";

/** wrangler says here what it was asked for. */
const command = process.env.WRANGLER_COMMAND ?? "";
const [option, name] = process.argv.slice(2);

const upload = command === "deploy" || command === "versions upload";
const environment = option === "--env" && name !== undefined ? name : null;
const message = upload ? refusalOf({ command, environment, text: configuration() }) : null;
if (message !== null) {
  console.error(message.join("\n"));
  process.exitCode = 1;
}
