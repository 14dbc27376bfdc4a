/** The lines of a screen that the README shows. */
import { expect, test } from "vitest";
import type { Balance, Problem, Reading } from "../../../src/clients/typescript/client.ts";
import { readBalance } from "../../../src/clients/typescript/read.ts";
import { linesOf } from "./screen.ts";

const NOTHING: Reading<Balance> = { value: null, asOf: null, age: null, problem: null, due: 0 };
const OFFLINE: Problem = { code: "offline", retryAfter: null, requestId: null };
const balance = (stale: boolean) =>
  readBalance({ status: "ok", available: "12345678901234567.89", stale });

test("a reading with neither value nor problem is shown as loading", () => {
  expect(linesOf(NOTHING)).toEqual(["Loading"]);
  expect(linesOf({ ...NOTHING, problem: OFFLINE })).toEqual(["No connection"]);
});

test("the amount is shown to the cent, beyond what a double holds, with its age", () => {
  const asOf = new Date(Date.now() - 150_000);
  const lines = linesOf({ ...NOTHING, value: balance(false), asOf, age: 150 });
  expect(lines).toEqual(["$12,345,678,901,234,567.89", "2 minutes ago"]);
});

test("a problem of the proxy and a stale value are both shown", () => {
  const lines = linesOf({ ...NOTHING, value: balance(true), problem: OFFLINE });
  expect(lines.slice(1)).toEqual(["No connection", "This balance may be out of date"]);
  expect(linesOf({ ...NOTHING, value: balance(true) }).slice(1)).toEqual([
    "This balance may be out of date",
  ]);
});
