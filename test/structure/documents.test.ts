/** What documents say of files: the paths they name exist, and the front door stays short. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

const documents = globSync(["*.md", "src/**/*.md", "test/**/*.md"], {
  exclude: ["**/node_modules/**"],
});

test("README.md has at most 200 lines", () => {
  expect(readFileSync("README.md", "utf8").split("\n").length).toBeLessThanOrEqual(200);
});

test.each(documents)("the relative links of %s lead to files that exist", (document) => {
  const links = readFileSync(document, "utf8").matchAll(
    /\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g,
  );
  const missing = [...links]
    .map(([, path = ""]) => path)
    .filter((path) => !existsSync(join(dirname(document), path)));
  expect(missing).toEqual([]);
});

test("every file that src/README.md names exists", () => {
  const text = readFileSync("src/README.md", "utf8");
  const named = [...text.matchAll(/`((?:[\w-]+\/)+[\w.-]+\.(?:ts|md|toml))`/g)].map(
    ([, p = ""]) => p,
  );
  expect(named.length).toBeGreaterThan(40);
  expect(named.filter((path) => !existsSync(join("src", path)) && !existsSync(path))).toEqual([]);
});
