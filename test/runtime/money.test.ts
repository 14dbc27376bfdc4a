import { describe, expect, test } from "vitest";
import { addMoney, JsonNumber, readMoney } from "../../src/lib/money.ts";
import { usd } from "../usd.ts";

describe("readMoney", () => {
  test.each([
    ["58.93", "58.93"],
    ["58.9", "58.90"],
    ["58", "58.00"],
    ["-0", "0.00"],
    ["-12.5", "-12.50"],
    [new JsonNumber("0.0083"), "0.0083"],
    [new JsonNumber("5.893e1"), "58.93"],
    [new JsonNumber("123456789012345.678901234567890123"), "123456789012345.678901234567890123"],
  ])("reads %o as the canonical amount %s", (value, money) => {
    expect(readMoney(value)).toBe(money);
  });

  test.each([null, undefined, "", " 1", "1,5", "+1", "NaN", ".5", "0x10", "9".repeat(400), {}, 5])(
    "refuses %o as money",
    (value) => {
      expect(readMoney(value)).toBeNull();
    },
  );
  test("refuses the JSON number 1e400 as money", () => {
    expect(readMoney(new JsonNumber("1e400"))).toBeNull();
  });
});

test("addMoney is exact where doubles are not", () => {
  expect(addMoney(usd("0.10"), usd("0.20"))).toBe("0.30");
});
