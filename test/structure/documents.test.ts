/** What documents say of files: the paths they name exist, and the front door stays short. */
import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
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

test("every script and every choice of tests that a document names exists", () => {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: object };
  const tests = globSync("test/**/*.test.ts");
  // What was renamed or is gone stands in the changelog.
  const texts = documents
    .filter((path) => path !== "CHANGELOG.md")
    .map((path) => readFileSync(path, "utf8"));
  const namedBy = (pattern: RegExp) =>
    texts.flatMap((text) => [...text.matchAll(pattern)].map(([, name = ""]) => name));
  const named = namedBy(/npm run (?:--silent )?([\w:-]+)/g);
  expect(named.length).toBeGreaterThan(60);
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
  const chosen = namedBy(/npm test -- ([\w/. -]*[\w/])/g);
  expect(chosen.length).toBeGreaterThan(2);
  expect(chosen.filter((part) => !tests.some((path) => path.includes(part)))).toEqual([]);
});

test("every file that src/README.md names exists", () => {
  const text = readFileSync("src/README.md", "utf8");
  const named = [...text.matchAll(/`((?:[\w-]+\/)+[\w.-]+\.(?:ts|md|toml))`/g)].map(
    ([, p = ""]) => p,
  );
  expect(named.length).toBeGreaterThan(40);
  expect(named.filter((path) => !existsSync(join("src", path)) && !existsSync(path))).toEqual([]);
});

const rooms = readdirSync("src", { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

test("every room of src has a README, and the map leads to it", () => {
  const map = readFileSync("src/README.md", "utf8");
  expect(rooms.length).toBeGreaterThan(10);
  expect(rooms.filter((room) => !existsSync(`src/${room}/README.md`))).toEqual([]);
  expect(rooms.filter((room) => !map.includes(`(${room}/README.md)`))).toEqual([]);
});

test("every function that a walk of src/README.md names is declared in the file beside it", () => {
  const text = readFileSync("src/README.md", "utf8");
  const steps = [...text.matchAll(/`([\w/-]+\.ts)` `(\w+)`/g)];
  expect(steps.length).toBeGreaterThan(30);
  const wrong = steps.filter(([, path = "", name = ""]) => {
    const declared = new RegExp(
      `(function|const|class) ${name}\\b|^ {2}(override )?(async )?${name}\\(`,
      "m",
    );
    return !existsSync(`src/${path}`) || !declared.test(readFileSync(`src/${path}`, "utf8"));
  });
  expect(wrong.map(([step]) => step)).toEqual([]);
});

test("an anchor in a link names a heading of the document it leads to", () => {
  const anchorOf = (heading: string) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replace(/\s/g, "-");
  const anchorsIn = (path: string) =>
    [...readFileSync(path, "utf8").matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
      anchorOf(heading),
    );
  const wrong = documents.flatMap((document) =>
    [...readFileSync(document, "utf8").matchAll(/\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)/g)]
      .filter(([, path = "", anchor = ""]) => {
        const target = path === "" ? document : join(dirname(document), path);
        return !existsSync(target) || !anchorsIn(target).includes(anchor);
      })
      .map(([link]) => `${document}: ${link}`),
  );
  expect(documents.length).toBeGreaterThan(10);
  expect(wrong).toEqual([]);
});
