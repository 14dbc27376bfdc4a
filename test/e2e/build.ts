/** Builds the bundle, once for all tests from outside. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { buildBundle } from "../bundle.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** The folder with the bundle. */
    bundle: string;
  }
}

export default async function build(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "zoo-balance-bundle-"));
  await buildBundle(folder);
  project.provide("bundle", folder);
  return () => rm(folder, { recursive: true, force: true });
}
