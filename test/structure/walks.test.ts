/** The walks of src/README.md are true: what stands further in is imported by what it stands under. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";

interface Step {
  readonly depth: number;
  readonly text: string;
  readonly files: readonly string[];
}

const map = readFileSync("src/README.md", "utf8");
const [, walks = ""] = /^## Walks$(.*?)^## /ms.exec(map) ?? [];
const steps = [...walks.matchAll(/^( *)- (.*)$/gm)].map(
  ([, indent = "", text = ""]): Step => ({
    depth: indent.length / 2,
    text,
    files: [...text.matchAll(/`([\w/-]+\.ts)`/g)].map(([, file = ""]) => file),
  }),
);

/** Each step with the one that it stands under; null for the first of a walk. */
const pairs = steps.map((step, n) => ({
  step,
  above: steps.slice(0, n).findLast(({ depth }) => depth === step.depth - 1) ?? null,
}));

function importsOf(file: string): string[] {
  const source = readFileSync(join("src", file), "utf8");
  const relative = [...source.matchAll(/from "(\.[^"]+)"/g)].map(([, path = ""]) => path);
  return relative.map((path) => normalize(join(dirname(file), path)));
}

test("the five walks have six beginnings, and each step of theirs names files that exist", () => {
  expect(pairs.filter(({ above }) => above === null)).toHaveLength(6);
  expect(steps.filter(({ files }) => files.length === 0)).toEqual([]);
  expect(
    steps.flatMap(({ files }) => files).filter((file) => !existsSync(join("src", file))),
  ).toEqual([]);
});

test("each file of a step is imported by a file of the step above it", () => {
  const wrong = pairs.flatMap(({ step, above }) => {
    if (above === null) return [];
    const reached = new Set([...above.files, ...above.files.flatMap(importsOf)]);
    return step.files
      .filter((file) => !reached.has(file))
      .map((file) => `${above.text} -> ${file}`);
  });
  expect(wrong).toEqual([]);
});
