/** What all tests from outside share, made once: the bundle, and how it is configured. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { buildBundle } from "../bundle.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** The folder with the bundle. */
    bundle: string;
    /** The bindings and settings of wrangler.toml, for Miniflare. */
    workerOptions: WorkerOptions;
  }
}

type WorkerOptions = ReturnType<typeof unstable_getMiniflareWorkerOptions>["workerOptions"];

export default async function build(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "zoo-balance-bundle-"));
  await buildBundle(folder);
  project.provide("bundle", folder);
  // Here, where wrangler is loaded once: it takes half a second of CPU and a hundred megabytes.
  const { workerOptions } = unstable_getMiniflareWorkerOptions("wrangler.toml");
  // The bundle has no modules to match by rule, and this Miniflare takes none.
  const { modulesRules: _, ...options } = workerOptions;
  project.provide("workerOptions", options);
  return () => rm(folder, { recursive: true, force: true });
}
