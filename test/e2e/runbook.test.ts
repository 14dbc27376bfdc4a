/** Nobody should have to read code at three in the morning: the README knows every event and every reason. */
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";

const readme = await readFile("README.md", "utf8");
const observe = await readFile("src/observe.ts", "utf8");

const union = (source: string, name: string) => {
  const body = new RegExp(`type ${name} =([^]+?);\n\n`).exec(source)?.[1] ?? "";
  return [...body.matchAll(/"(\w+)"/g)].map(([, word = ""]) => word);
};

test("every event has its row", () => {
  const events = union(observe, "LogEvent");
  expect(events.length).toBeGreaterThan(10);
  const rows = readme.split("\n").filter((line) => line.startsWith("| `"));
  const missing = events.filter((event) => !rows.some((row) => row.includes(`\`${event}\``)));
  expect(missing).toEqual([]);
});
