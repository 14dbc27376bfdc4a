/** Nobody should have to read code at night: the documents know every event, code and variable. */
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { PROBLEMS } from "../../src/problem.ts";
import { variableRows } from "./variable-rows.ts";

const readme = await readFile("README.md", "utf8");
const handbook = await readFile("src/cli/README.md", "utf8");
const forApps = await readFile("src/clients/README.md", "utf8");
const observe = await readFile("src/lib/log.ts", "utf8");

const union = (source: string, name: string) => {
  const body = new RegExp(`type ${name} =([^]+?);\n\n`).exec(source)?.[1] ?? "";
  return [...body.matchAll(/"(\w+)"/g)].map(([, word = ""]) => word);
};

const firstCells = handbook
  .split("\n")
  .flatMap((line) => (/^\| ([^|]+) \|/.exec(line)?.[1] ?? "").match(/`[A-Za-z_]+`/g) ?? []);

test("every log event has its row in the operator's handbook", () => {
  const events = union(observe, "LogEvent");
  expect(events.length).toBeGreaterThan(10);
  expect(events.filter((event) => !firstCells.includes(`\`${event}\``))).toEqual([]);
});

test("every problem code has its row in the table of errors", () => {
  const rows = forApps.split("\n").filter((line) => /^\| \d{3}/.test(line));
  const missing = Object.entries(PROBLEMS).filter(
    ([code, { status }]) =>
      !rows.some((row) => row.includes(`${status}`) && row.includes(`\`${code}\``)),
  );
  expect(missing).toEqual([]);
});

test("the README's configuration table has exactly the rows of the table of variables", () => {
  const rows = variableRows();
  const names = new Set(rows.map((row) => row.split("|")[1]));
  const written = readme.split("\n").filter((line) => names.has(line.split("|")[1]));
  expect(written).toEqual(rows);
});
