/** What the clients' READMEs show is code that is compiled and run. */
import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { blockInWords, statusInWords } from "../../src/site/client/words.ts";

const readmeOf = (language: string) => readFileSync(`src/clients/${language}/README.md`, "utf8");

test.each([
  ["kotlin", ["src/clients/kotlin/recipes/FirstBalance.kt"]],
  ["swift", ["src/clients/swift/Examples/FirstBalance/main.swift"]],
  [
    "typescript",
    ["example", "screen", "file-store"].map((name) => `test/clients/typescript/${name}.ts`),
  ],
])("the README of %s shows what %s runs", (language, files) => {
  const blocks = [...readmeOf(language).matchAll(/```(?:kotlin|swift|ts)\n(.*?)```/gs)];
  const code = files.map((file) => readFileSync(file, "utf8"));
  expect(blocks).toHaveLength(files.length);
  for (const [index, [, shown]] of blocks.entries()) expect(code[index]).toContain(shown);
});

test.each([
  ["kotlin", "src/main/kotlin/zoobalance/*.kt"],
  ["swift", "Sources/ZooBalance/*.swift"],
  ["typescript", "*.ts"],
])("the README of %s counts its files right", (language, files) => {
  const count = globSync(`src/clients/${language}/${files}`).length;
  const words: Record<number, string> = { 8: "Eight", 9: "Nine", 10: "Ten" };
  expect(readmeOf(language)).toContain(`${words[count]} small files`);
});

test("the sentences for an account's status are those of the page", () => {
  const text = readFileSync("src/clients/README.md", "utf8").split("| `status` ")[1] ?? "";
  const rows = [...text.matchAll(/^\| (?:`(\w+)`)? +\| (?:`(\w+)`)? +\| (.*?) +\|$/gm)];
  const words = rows.map(([, status, blocked]) =>
    status === undefined
      ? blockInWords(blocked ?? "")
      : statusInWords({ status, stale: false, stale_reason: null }),
  );
  expect(rows).toHaveLength(11);
  expect(rows.map(([, , , sentence]) => `${sentence}.`)).toEqual(words);
});

test("the versions in Kotlin's README are those of its pom.xml", () => {
  const pom = readFileSync("src/clients/kotlin/pom.xml", "utf8");
  const versions = [...readmeOf("kotlin").matchAll(/[:">](\d+\.\d+\.\d+)["<`]/g)];
  expect(versions.length).toBeGreaterThan(4);
  expect(versions.filter(([, version]) => !pom.includes(`>${version}<`))).toEqual([]);
});
