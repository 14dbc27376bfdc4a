/** The order of the test files: the long ones first, so that none of them runs alone at the end. */
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The files that take seconds, the longest first. All others take a moment. */
const LONG_FILES = [
  "runtime/quarter",
  "e2e/faults",
  "e2e/dev",
  "e2e/drill",
  "deploy/handbook",
  "clients/typescript",
  "e2e/keys-command",
  "e2e/screens",
  "e2e/restart",
  "e2e/providers",
  "e2e/outage",
  "runtime/key-set-matrix",
  "e2e/page",
  "fuzz/bodies",
];

const rank = ({ moduleId }: TestSpecification) => {
  const n = LONG_FILES.findIndex((name) => moduleId.endsWith(`test/${name}.test.ts`));
  return n === -1 ? LONG_FILES.length : n;
};

export class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => rank(a) - rank(b));
  }
}
