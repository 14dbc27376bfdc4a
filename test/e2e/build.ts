/** Builds the bundle once, as a deployment would, for all end-to-end tests. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    /** The folder with the bundle. */
    bundle: string;
  }
}

export default async function build(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "zoo-balance-bundle-"));
  const wrangler = "node_modules/wrangler/bin/wrangler.js";
  const args = [wrangler, "deploy", "--dry-run", "--env=", "--minify", "--outdir", folder];
  await promisify(execFile)(process.execPath, args);
  project.provide("bundle", folder);
  return () => rm(folder, { recursive: true, force: true });
}
