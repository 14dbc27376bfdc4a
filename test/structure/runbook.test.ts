/** Nobody should have to read code at three in the morning: the README knows every event, code and variable. */
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { DEFAULTS } from "../../src/config/variables.ts";
import { PROBLEMS } from "../../src/problem.ts";

const readme = await readFile("README.md", "utf8");
const observe = await readFile("src/lib/log.ts", "utf8");

const union = (source: string, name: string) => {
  const body = new RegExp(`type ${name} =([^]+?);\n\n`).exec(source)?.[1] ?? "";
  return [...body.matchAll(/"(\w+)"/g)].map(([, word = ""]) => word);
};

const firstCells = readme
  .split("\n")
  .flatMap((line) => (/^\| ([^|]+) \|/.exec(line)?.[1] ?? "").match(/`[A-Za-z_]+`/g) ?? []);

test("every event has its row", () => {
  const events = union(observe, "LogEvent");
  expect(events.length).toBeGreaterThan(10);
  expect(events.filter((event) => !firstCells.includes(`\`${event}\``))).toEqual([]);
});

test("every code is in the table of errors", () => {
  const rows = readme.split("\n").filter((line) => /^\| \d{3}/.test(line));
  const missing = Object.entries(PROBLEMS).filter(
    ([code, { status }]) =>
      !rows.some((row) => row.includes(`${status}`) && row.includes(`\`${code}\``)),
  );
  expect(missing).toEqual([]);
});

test("every variable is in the table of the configuration, with its default", () => {
  for (const [name, value] of Object.entries(DEFAULTS)) {
    const row = readme.split("\n").find((line) => line.startsWith(`| \`${name}\` |`));
    expect(row, name).toContain(typeof value === "object" ? "| none |" : `| \`${value}\` |`);
  }
});
