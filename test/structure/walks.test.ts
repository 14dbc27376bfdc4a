/** In each walk of src/README.md, the files of an indented step are imported by the step above it. */
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { localImportsOf } from "./imports-of.ts";

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

const importsOf = (file: string) =>
  localImportsOf(join("src", file)).map((path) => relative("src", path));

test("the walks begin at six places, and each step names files that exist", () => {
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
