import { describe, expect, test } from "vitest";
import { cacheDemand } from "../../src/balance/cache-control.ts";
import { plan } from "../../src/balance/freshness.ts";

const D = {
  FRESH_SECONDS: 60,
  REVALIDATE_SECONDS: 30,
  STALE_SECONDS: 1_000,
  MIN_REFRESH_SECONDS: 10,
};

describe("plan", () => {
  test.each([
    [null, "refresh"],
    [-2_000, "serve"],
    [0, "serve"],
    [59_999, "serve"],
    [60_000, "serve"],
    [60_001, "serve_and_refresh"],
    [90_000, "serve_and_refresh"],
    [90_001, "refresh_or_serve"],
    [1_000_000, "refresh_or_serve"],
    [1_000_001, "refresh"],
  ] as const)("at an age of %s ms: %s", (ageMs, expected) => {
    expect(plan(ageMs, null, D)).toBe(expected);
  });

  test.each([
    [null, 0, "refresh"],
    [0, 0, "serve"],
    [1, 0, "refresh_or_serve"],
    [20_000, 20, "serve"],
    [20_001, 20, "refresh_or_serve"],
    [60_000, 70, "serve"],
    [60_001, 70, "serve_and_refresh"],
    [80_000, 70, "refresh_or_serve"],
    [1_000_001, 5_000, "refresh"],
    [1_000_001, 0, "refresh"],
  ] as const)("at an age of %s ms, %s s accepted: %s", (ageMs, maxAge, expected) => {
    expect(plan(ageMs, maxAge, D)).toBe(expected);
  });

  test("stale as short as fresh: nothing between", () => {
    const short = { ...D, FRESH_SECONDS: 1, STALE_SECONDS: 1 };
    expect(plan(1_000, null, short)).toBe("serve");
    expect(plan(1_001, null, short)).toBe("refresh");
  });
});

test.each([
  [undefined, null],
  ["", null],
  ["no-store", null],
  ["no-cache", 0],
  ["NO-CACHE", 0],
  ["No-Cache, Max-Age=5", 0],
  ["max-age=0", 0],
  ["MAX-AGE=30", 30],
  ['max-age="30"', 30],
  ["max-age = 30", 30],
  ["max-age=007", 7],
  ["max-age=60, max-age=10", 10],
  ["max-age=10,max-age=60", 10],
  [" , ,max-age=5,", 5],
  ["no-store, max-age=5, only-if-cached", 5],
  ["max-age=-1", null],
  ["max-age=1.5", null],
  ["max-age=1e3", null],
  ["max-age=", null],
  ["max-age", null],
  ["max-age=abc", null],
  ['max-age="', null],
  ["xmax-age=5", null],
  ["s-maxage=5", null],
  ["max-stale=5", null],
  ["no-cachex", null],
  ["max-age=junk, max-age=9", 9],
])("Cache-Control %o accepts an age of %s", (header, expected) => {
  expect(cacheDemand(header ?? null, false).maxAge).toBe(expected);
});
