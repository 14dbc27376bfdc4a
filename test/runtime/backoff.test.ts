import { describe, expect, test } from "vitest";
import { earliestRefreshAt, type Failure, nextFailure } from "../../src/balance/backoff.ts";
import { parseRetryAfter } from "../../src/lib/retry-after.ts";

const NOW = Date.UTC(2026, 10, 23, 10, 0, 0);
const reason = "upstream_unavailable";

function delay(count: number, random: number, retryAfterMs: number | null = null): number {
  const previous: Failure | null =
    count === 1 ? null : { reason, at: NOW - 1, retry_at: NOW, count: count - 1 };
  const failure = nextFailure(previous, { reason, retryAfterMs }, NOW, random);
  expect(failure).toMatchObject({ reason, at: NOW, count });
  expect(Number.isSafeInteger(failure.retry_at)).toBe(true);
  return failure.retry_at - NOW;
}

describe("nextFailure", () => {
  test.each([
    [1, 1_000],
    [2, 2_000],
    [3, 4_000],
    [4, 8_000],
    [5, 16_000],
    [6, 32_000],
    [7, 48_000],
    [8, 48_000],
    [1_000, 48_000],
    [1_000_000, 48_000],
  ])("failure %i waits %i ms at least, a quarter more at most, never over 60 s", (count, base) => {
    expect(delay(count, 0)).toBe(base);
    for (const random of [0.01, 0.5, 0.999999]) {
      expect(delay(count, random)).toBeGreaterThanOrEqual(base);
      expect(delay(count, random)).toBeLessThanOrEqual(Math.min(60_000, base * 1.25));
    }
  });

  test.each([1, 3, 8, 1_000])("jitter spreads failure %i", (count) => {
    expect(delay(count, 0.1)).toBeLessThan(delay(count, 0.9));
  });

  test.each([
    ["longer than the backoff", 30_000, 30_000],
    ["shorter", 10, 1_000],
    ["zero", 0, 1_000],
    ["an hour", 3_600_000, 3_600_000],
    ["absurd", 999_999_999_000, 3_600_000],
    ["infinite", Number.POSITIVE_INFINITY, 3_600_000],
  ])("Retry-After %s", (_, retryAfterMs, expected) => {
    expect(delay(1, 0, retryAfterMs)).toBe(expected);
  });

  test("the reason is the latest failure's", () => {
    const first = nextFailure(null, { reason, retryAfterMs: null }, NOW, 0);
    const latest = { reason: "upstream_rejected", retryAfterMs: null } as const;
    expect(nextFailure(first, latest, NOW, 0).reason).toBe("upstream_rejected");
  });
});

describe("earliestRefreshAt", () => {
  const failedAt = (at: number): Failure => ({ reason, at, retry_at: at + 60_000, count: 9 });

  test("is the later one of backoff and interval", () => {
    expect(earliestRefreshAt(failedAt(NOW), NOW, 10_000, NOW)).toBe(NOW + 60_000);
    expect(earliestRefreshAt(failedAt(NOW), NOW, 90_000, NOW)).toBe(NOW + 90_000);
    expect(earliestRefreshAt(null, NOW, 10_000, NOW)).toBe(NOW + 10_000);
  });

  test("a clock that is behind by seconds changes nothing", () => {
    expect(earliestRefreshAt(failedAt(NOW + 5_000), 0, 0, NOW)).toBe(NOW + 65_000);
  });

  test("what was written before the clock moved back by hours delays nothing", () => {
    const ahead = NOW + 2 * 3_600_000;
    expect(earliestRefreshAt(failedAt(ahead), ahead, 10_000, NOW)).toBe(0);
    expect(earliestRefreshAt(failedAt(ahead), NOW, 10_000, NOW)).toBe(NOW + 10_000);
  });
});

describe("parseRetryAfter", () => {
  test.each([
    ["0", 0],
    ["120", 120_000],
    ["Mon, 23 Nov 2026 10:00:30 GMT", 30_000],
    ["Mon, 23 Nov 2026 09:00:00 GMT", 0],
    [null, null],
    ["", null],
    ["-1", null],
    ["1.5", null],
    ["soon", null],
    ["Mon, junk", null],
    ["2026-11-23T10:00:30Z", null],
    ["5, 10", null],
    ["0x10", null],
  ])("%o is %s ms", (value, expected) => {
    expect(parseRetryAfter(value, NOW)).toBe(expected);
  });
});
