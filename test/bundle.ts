/** The bundle as a deployment would upload it. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Writes `index.js` into the folder. */
export async function buildBundle(folder: string): Promise<void> {
  const wrangler = "node_modules/wrangler/bin/wrangler.js";
  const args = [wrangler, "deploy", "--dry-run", "--env=", "--minify", "--outdir", folder];
  await promisify(execFile)(process.execPath, args);
}
