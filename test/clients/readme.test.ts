/** What the clients' READMEs show is code that is compiled and run. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

test.each([
  ["kotlin", "src/clients/kotlin/recipes/FirstBalance.kt"],
  ["swift", "src/clients/swift/Examples/FirstBalance/main.swift"],
  ["typescript", "test/clients/typescript/example.ts"],
])("the README of %s shows what %s runs", (language, file) => {
  const readme = readFileSync(`src/clients/${language}/README.md`, "utf8");
  const shown = [...readme.matchAll(/```(?:kotlin|swift|ts)\n(.*?)```/gs)].map(([, code]) => code);
  expect(shown).toHaveLength(1);
  expect(readFileSync(file, "utf8")).toContain(shown[0]);
});
