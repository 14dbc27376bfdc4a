import { describe, expect, test } from "vitest";
import { afterFailure, afterValue, NOTHING_TOLD } from "../../src/alerts/crossings.ts";
import { hmacKeyOf } from "../../src/lib/standard-webhooks.ts";
import { isPublicHttps } from "../../src/lib/url.ts";
import { usd } from "../usd.ts";

/** What is told of one value after the other; `!` is a refused token, `?` another failure. */
function told(values: readonly string[], thresholds: readonly string[]): string[] {
  let state = NOTHING_TOLD;
  return values.map((value) => {
    const decision =
      value === "!" || value === "?"
        ? afterFailure(state, value === "!" ? "upstream_rejected" : "upstream_unavailable")
        : afterValue(state, usd(value), thresholds.map(usd));
    state = decision.told;
    return decision.events
      .map(({ type, threshold }) => (threshold === null ? type : `${type} ${threshold}`))
      .join(", ");
  });
}

describe("one event for each crossing", () => {
  test.each<[string, string[], string[], string[]]>([
    [
      "a wobble",
      ["50.00", "49.99", "50.00", "54.99", "49.00"],
      ["50.00"],
      ["", "balance.low 50.00", "", "", ""],
    ],
    [
      "recovered 10 % above",
      ["49.00", "54.9999", "55.00", "54.00", "49.99"],
      ["50.00"],
      ["balance.low 50.00", "", "balance.recovered 50.00", "", "balance.low 50.00"],
    ],
    [
      "several at once, the higher first",
      ["60.00", "-1.00"],
      ["10.00", "50.00"],
      ["", "balance.low 50.00, balance.low 10.00, balance.exhausted"],
    ],
    [
      "back through all, the lower first",
      ["0.00", "60.00"],
      ["10.00", "50.00"],
      [
        "balance.low 50.00, balance.low 10.00, balance.exhausted",
        "balance.recovered 10.00, balance.recovered 50.00",
      ],
    ],
    [
      "around nothing",
      ["0.00", "0.01", "0.00", "10.99", "0.00", "11.00", "0.00"],
      ["10.00"],
      [
        "balance.low 10.00, balance.exhausted",
        "",
        "",
        "",
        "",
        "balance.recovered 10.00",
        "balance.low 10.00, balance.exhausted",
      ],
    ],
    [
      "without thresholds",
      ["5.00", "0.00", "-1.00", "0.01"],
      [],
      ["", "balance.exhausted", "", "balance.recovered"],
    ],
    [
      "a refused token",
      ["60.00", "!", "!", "?", "!", "60.00"],
      ["50.00"],
      ["", "upstream.rejected", "", "", "", "upstream.recovered"],
    ],
    ["other failures", ["60.00", "?", "?", "60.00"], ["50.00"], ["", "", "", ""]],
    [
      "amounts of many digits",
      ["0.00830001", "0.0083", "0.00829999", "0.00913", "0.009129"],
      ["0.0083"],
      ["", "", "balance.low 0.0083", "balance.recovered 0.0083", ""],
    ],
  ])("%s", (_, values, thresholds, expected) => {
    expect(told(values, thresholds)).toEqual(expected);
  });

  test("a threshold that is no longer configured is forgotten without a word", () => {
    const { told: before } = afterValue(NOTHING_TOLD, usd("5.00"), ["10.00", "50.00"].map(usd));
    const after = afterValue(before, usd("60.00"), [usd("50.00")]);
    expect(after.events.map(({ type, threshold }) => [type, threshold])).toEqual([
      ["balance.recovered", "50.00"],
    ]);
    expect(after.told.low).toEqual([]);
  });
});

describe("where alerts may go", () => {
  test.each([
    "https://hooks.example.com/x",
    "https://8.8.8.8/",
    "https://a.b.example:8443/?q=1",
    "https://172.15.0.1/",
    "https://192.169.0.1/",
  ])("%s", (url) => {
    expect(isPublicHttps(url)).toBe(true);
  });
  test.each([
    "http://hooks.example.com/",
    "https://localhost/",
    "https://service.localhost/",
    "https://printer.local/",
    "https://db.internal/",
    "https://intranet/",
    "https://127.0.0.1/",
    "https://0x7f.1/",
    "https://2130706433/",
    "https://10.1.2.3/",
    "https://172.16.0.1/",
    "https://172.31.255.255/",
    "https://192.168.1.1/",
    "https://169.254.169.254/latest/meta-data",
    "https://100.64.0.1/",
    "https://0.0.0.0/",
    "https://224.0.0.1/",
    "https://198.18.0.1/",
    "https://[::1]/",
    "https://[fd00::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://user:password@hooks.example.com/",
    "https://localhost./",
    "ftp://hooks.example.com/",
    "hooks.example.com",
    "",
  ])("not %s", (url) => {
    expect(isPublicHttps(url)).toBe(false);
  });

  test("a secret is base64 of at least 24 bytes, with or without its prefix", () => {
    const good = btoa("x".repeat(24));
    expect(hmacKeyOf(`whsec_${good}`)).toHaveLength(24);
    expect(hmacKeyOf(good)).toHaveLength(24);
    for (const bad of ["", "whsec_", btoa("x".repeat(23)), "whsec_!!!!", "undefined"]) {
      expect(hmacKeyOf(bad)).toBeNull();
    }
  });
});
