/** The table of costs in the handbook, held to the prices in the code. */
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { monthlyCost } from "../../src/cli/report/costs.ts";

const handbook = await readFile("src/cli/DEPLOY.md", "utf8");
const rows = handbook
  .split("\n")
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
  .filter((cells) => cells.length === 7 && /^[\d,]+$/.test(cells[0] ?? ""));
const numberOf = (cell = "") => Number(cell.replaceAll(",", ""));

test("the table is of 1, 1,000 and 1,000,000 users a day", () => {
  expect(rows.map(([users]) => users)).toEqual(["1", "1,000", "1,000,000"]);
});

test.each(rows)("%s users a day cost what the prices come to", (...cells) => {
  const [users, requests, kvReads, kvWrites, objectRequests, free, paid] = cells;
  const usage = {
    requests: numberOf(requests),
    kvReads: numberOf(kvReads),
    kvWrites: numberOf(kvWrites),
    objectRequests: numberOf(objectRequests),
    logLines: numberOf(kvWrites),
  };
  expect(usage.requests).toBe(numberOf(users) * 10 * 30 + 30 * 96);
  expect(numberOf(paid)).toBeCloseTo(monthlyCost(usage).usd, 2);
  // With FRESH_SECONDS = 120 no more than 720 writes a day.
  const kept = { ...usage, kvWrites: Math.min(usage.kvWrites, 720 * 30) };
  expect(free === "0.00").toBe(monthlyCost(kept).freePlanHolds);
});
