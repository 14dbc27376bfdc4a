/** The order of the test files: by project, and the long ones first, so that none of them runs alone at the end. */
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * The files that take seconds, the longest first; but before those that load Miniflare or Chromium's driver
 * the ones that start many processes, as each start copies what the starting process holds.
 */
const LONG_FILES = [
  "runtime/quarter",
  "runtime/outbox",
  "runtime/api-keys",
  "runtime/key-set-matrix",
  "runtime/account-balance",
  "e2e/restart",
  "e2e/dev",
  "e2e/faults",
  "deploy/handbook",
  "e2e/keys-command",
  "e2e/drill",
  "clients/typescript",
  "e2e/screens",
  "e2e/outage",
  "e2e/smoke",
  "e2e/page",
  "fuzz/bodies",
];

/** A worker is kept while the next file is of its project: so all files of one come before those of the other. */
const PROJECTS = ["runtime", "outside"];

function rank({ moduleId, project }: TestSpecification): number {
  const n = LONG_FILES.findIndex((name) => moduleId.endsWith(`test/${name}.test.ts`));
  const within = n === -1 ? LONG_FILES.length : n;
  return PROJECTS.indexOf(project.name) * (LONG_FILES.length + 1) + within;
}

export class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => rank(a) - rank(b));
  }
}
