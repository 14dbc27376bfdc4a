/** The forecast of synthetic accounts, each worked out by hand. */
import { expect, test } from "vitest";
import { forecast, type Level } from "../../src/history/forecast.ts";
import { usd } from "../usd.ts";

const NOW = Date.UTC(2026, 10, 24, 12);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Values by how many days ago they came. */
const levels = (...list: readonly (readonly [daysAgo: number, available: string])[]): Level[] =>
  list.map(([daysAgo, available]) => ({ at: NOW - daysAgo * DAY, available: usd(available) }));
const at = (daysFromNow: number) => NOW + daysFromNow * DAY;

test("steady spending of 2.00 a day lasts as long as what is left holds at that rate", () => {
  // From 7 days ago to now it fell from 34.00 to 20.00: 14.00 in 7 days. 20.00 lasts 10 days.
  const days = Array.from({ length: 11 }, (_, n) => [10 - n, `${40 - 2 * n}.00`] as const);
  expect(forecast(levels(...days), NOW)).toEqual({
    spend_per_day: "2.00",
    lasts_until: at(10),
    forecast_reason: null,
  });
});

test("days without spending count in the mean of the week", () => {
  // The last 7 days hold five falls of 3.00: 15.00 in 7 days is 2.142857…, and 30.00 lasts 14 days.
  const week = forecast(
    levels([8, "45.00"], [6, "42.00"], [5, "39.00"], [4, "36.00"], [3, "33.00"], [2, "30.00"]),
    NOW,
  );
  expect(week).toEqual({ spend_per_day: "2.1429", lasts_until: at(14), forecast_reason: null });
});

test("a single burst counts as its mean over a week", () => {
  // 21.00 at once, 3 days ago, nothing else for 30 days: 3.00 a day. 9.00 lasts 3 days.
  expect(forecast(levels([30, "30.00"], [3, "9.00"]), NOW)).toEqual({
    spend_per_day: "3.00",
    lasts_until: at(3),
    forecast_reason: null,
  });
});

test("the rise of a monthly refresh does not reduce the spending", () => {
  // Falls: 10 to 3 (7.00) and 20 to 13 (7.00): 14.00 in 7 days. 13.00 lasts 6.5 days.
  expect(forecast(levels([20, "10.00"], [5, "3.00"], [4, "20.00"], [1, "13.00"]), NOW)).toEqual({
    spend_per_day: "2.00",
    lasts_until: at(6.5),
    forecast_reason: null,
  });
});

test("a top-up in the middle of steady spending changes only how long it lasts", () => {
  // Falls of 1.00 on each of 7 days, 5 and 2 of them around the top-up: 7.00 in 7 days. 105.00 lasts 105 days.
  const list = levels(
    [8, "12.00"],
    [6, "11.00"],
    [5, "10.00"],
    [4, "9.00"],
    [3, "8.00"],
    [2.5, "108.00"],
    [2, "107.00"],
    [1, "106.00"],
    [0.5, "105.00"],
  );
  expect(forecast(list, NOW)).toEqual({
    spend_per_day: "1.00",
    lasts_until: at(105),
    forecast_reason: null,
  });
});

test("an account with nothing available and nothing spent has no forecast", () => {
  expect(forecast(levels([40, "0.00"], [39, "0.00"]), NOW)).toEqual({
    spend_per_day: null,
    lasts_until: null,
    forecast_reason: "not_spending",
  });
});

test("less than a day of history gives no forecast", () => {
  const reason = { spend_per_day: null, lasts_until: null, forecast_reason: "not_enough_history" };
  expect(forecast([], NOW)).toEqual(reason);
  expect(forecast(levels([0.99, "10.00"], [0.5, "5.00"]), NOW)).toEqual(reason);
});

test("a day of history is enough, and the mean is over that day", () => {
  // 0.50 in exactly one day. 9.50 lasts 19 days.
  expect(forecast(levels([1, "10.00"], [0.5, "9.50"]), NOW)).toEqual({
    spend_per_day: "0.50",
    lasts_until: at(19),
    forecast_reason: null,
  });
});

test("an overdrawn account has run out now", () => {
  expect(forecast(levels([2, "1.00"], [1, "-3.00"]), NOW)).toEqual({
    spend_per_day: "2.00",
    lasts_until: NOW,
    forecast_reason: null,
  });
});

test("tiny amounts count, and an end beyond the year 9999 is given as its last second", () => {
  // 0.0001 in 7 days: 0.0000142857… a day is shown as 0.00, but it is spending, and 10 lasts 700,000 days.
  const slow = forecast(levels([7, "10.0001"], [1, "10.00"]), NOW);
  expect(slow).toEqual({ spend_per_day: "0.00", lasts_until: at(700_000), forecast_reason: null });
  const eternal = forecast(levels([7, "999999999999999.00"], [1, "999999999999998.9999"]), NOW);
  expect(eternal.lasts_until).toBe(Date.UTC(9999, 11, 31, 23, 59, 59));
});

test("amounts that doubles cannot hold are added exactly", () => {
  // 0.30 - 0.10 is 0.20, three times, in 6 days: 0.10 a day. 0.30 lasts 3 days, to the millisecond.
  const list = levels([6, "0.90"], [5, "0.70"], [4, "0.50"], [3, "0.30"]);
  expect(forecast(list, NOW)).toEqual({
    spend_per_day: "0.10",
    lasts_until: at(3),
    forecast_reason: null,
  });
});
