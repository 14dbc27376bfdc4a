/** The layout of `src/README.md`, held to: imports go down only, types included, and never in a circle. */
import { globSync } from "node:fs";
import { expect, test } from "vitest";
import { localImportsOf } from "./imports-of.ts";

/** From the bottom up. What stands in one row may not import its neighbours. */
const LAYERS = [
  ["lib"],
  ["env.ts", "problem.ts"],
  ["config"],
  ["context.ts"],
  ["callers"],
  ["http"],
  ["balance"],
  ["alerts", "history", "zoo"],
  ["account"],
  ["app.ts"],
  ["index.ts"],
  ["site", "cli", "clients"],
];

const roomOf = (file: string) => file.split("/")[1] ?? "";
const layerOf = (file: string) => LAYERS.findIndex((rooms) => rooms.includes(roomOf(file)));

const imports = new Map(
  globSync("src/**/*.ts", { exclude: ["**/*.d.ts"] }).map((file) => [file, localImportsOf(file)]),
);

test("every source file stands in a room that has a layer", () => {
  expect(imports.size).toBeGreaterThan(50);
  expect([...imports.keys()].filter((file) => layerOf(file) === -1)).toEqual([]);
});

test("no file imports from a layer above its own or from a neighbour", () => {
  const upward = [...imports].flatMap(([file, targets]) =>
    targets
      .filter((to) => roomOf(to) !== roomOf(file) && layerOf(to) >= layerOf(file))
      .map((to) => `${file} -> ${to}`),
  );
  expect(upward).toEqual([]);
});

test("no file imports itself by way of others", () => {
  const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
    (imports.get(from) ?? []).some((next) => {
      if (next === to) return true;
      if (seen.has(next)) return false;
      seen.add(next);
      return reaches(next, to, seen);
    });
  expect([...imports.keys()].filter((file) => reaches(file, file))).toEqual([]);
});
