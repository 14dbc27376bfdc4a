/** The lines of a screen that the README shows. */
import { expect, test } from "vitest";
import type { Balance, Problem, Reading } from "../../../src/clients/typescript/client.ts";
import { readBalance } from "../../../src/clients/typescript/read.ts";
import { linesOf } from "./screen.ts";

const NOTHING: Reading<Balance> = { value: null, asOf: null, age: null, problem: null, due: 0 };
const OFFLINE: Problem = { code: "offline", retryAfter: null, requestId: null };
const AT_ONCE = { ...NOTHING, asOf: new Date(), age: 0 };
const balance = (members: object = {}) =>
  readBalance({ status: "ok", available: "12345678901234567.89", ...members });

test("a reading with neither value nor problem is shown as loading", () => {
  expect(linesOf(NOTHING)).toEqual(["Loading"]);
  expect(linesOf({ ...NOTHING, problem: OFFLINE })).toEqual(["No connection"]);
});

test("the amount is shown to the cent, beyond what a double holds, with its age", () => {
  const asOf = new Date(Date.now() - 150_000);
  const lines = linesOf({ ...NOTHING, value: balance(), asOf, age: 150 });
  expect(lines).toEqual(["$12,345,678,901,234,567.89", "2 min ago"]);
});

test("a problem of the proxy and a stale value are both shown", () => {
  const value = balance({ stale: true, stale_reason: "upstream_unavailable" });
  const lines = linesOf({ ...AT_ONCE, value, problem: OFFLINE });
  expect(lines.slice(1)).toEqual(["Just now", "This balance may be out of date", "No connection"]);
});

test("a value that is being refreshed is not said to be out of date", () => {
  const value = balance({ stale: true, stale_reason: "revalidating" });
  expect(linesOf({ ...AT_ONCE, value }).slice(2)).toEqual(["Updating"]);
});

test("the account's status is shown, a new word as it is, but not that all is well", () => {
  const shown = (status: string) => linesOf({ ...AT_ONCE, value: balance({ status }) }).slice(2);
  expect(shown("ok")).toEqual([]);
  expect(shown("contract")).toEqual(["On a contract: the balance is not the limit"]);
  expect(shown("hibernating")).toEqual(["hibernating"]);
});
