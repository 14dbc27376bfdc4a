import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { apiKeyDenial, newApiKey } from "../../src/callers/api-key/format.ts";
import { identifyByApiKey } from "../../src/callers/api-key/lookup.ts";
import { addressOf, countFailure, isFailing } from "../../src/callers/limit.ts";
import type { Lookup } from "../../src/callers/lookup.ts";
import { sha256Hex } from "../../src/lib/digest.ts";
import { ReadBudget } from "../../src/lib/token-bucket.ts";
import { apiKeyRecord } from "../api-key-record.ts";
import { env } from "./support.ts";

vi.spyOn(console, "error").mockReturnValue();
const get = vi.spyOn(env.API_KEYS, "get");
beforeEach(() => {
  get.mockClear();
});
afterEach(() => {
  vi.useRealTimers();
});

const later = (ms: number) => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
};
const lookup = (more: Partial<Lookup> = {}): Lookup => ({
  env,
  waitUntil: () => undefined,
  mayAsk: true,
  ...more,
});
const unavailable = { ok: false, denial: "api_keys_unavailable" };
const identify = (key: string, more: Partial<Lookup> = {}) => identifyByApiKey(key, lookup(more));

async function stored(more: object = {}): Promise<string> {
  const key = await newApiKey();
  const record = apiKeyRecord(more);
  await env.API_KEYS.put(await sha256Hex(key), JSON.stringify(record));
  return key;
}

describe("the form", () => {
  test("new keys are good, and never the same", async () => {
    const keys = await Promise.all(Array.from({ length: 200 }, newApiKey));
    expect(new Set(keys).size).toBe(200);
    for (const key of keys) {
      expect(key).toMatch(/^zbp_[0-9A-Za-z]{49}$/);
      expect(await apiKeyDenial(key)).toBeNull();
    }
    // Every character of the alphabet is used.
    expect(new Set(keys.join("").slice(4)).size).toBeGreaterThanOrEqual(62);
  });

  test("any one character changed is noticed", async () => {
    const key = await newApiKey();
    for (let at = 4; at < key.length; at++) {
      const other = key[at] === "a" ? "b" : "a";
      expect(await apiKeyDenial(key.slice(0, at) + other + key.slice(at + 1))).not.toBeNull();
    }
  });
});

describe("reads of Workers KV", () => {
  test("none for a bad form or checksum", async () => {
    const key = await newApiKey();
    await identify("zbp_");
    await identify(key.slice(0, -1) + (key.endsWith("a") ? "b" : "a"));
    expect(get).not.toHaveBeenCalled();
  });

  test("one for a good key, and again after 30 seconds at the latest", async () => {
    const key = await stored();
    for (let n = 0; n < 5; n++) expect(await identify(key)).toMatchObject({ ok: true });
    expect(get).toHaveBeenCalledOnce();
    expect(get.mock.calls[0]?.[1]).toMatchObject({ cacheTtl: 30 });
    await env.API_KEYS.delete(await sha256Hex(key));
    later(30_000);
    expect(await identify(key)).toEqual({ ok: false, denial: "api_key_unknown" });
  });

  test("one for an unknown key, however often it comes", async () => {
    const key = await newApiKey();
    for (let n = 0; n < 5; n++) {
      expect(await identify(key)).toEqual({ ok: false, denial: "api_key_unknown" });
    }
    expect(get).toHaveBeenCalledOnce();
  });

  test("a flood of unknown keys ends in no reads, and known keys do not notice", async () => {
    later(1_000_000);
    const known = await stored();
    expect(await identify(known)).toMatchObject({ ok: true });
    const flood = await Promise.all(Array.from({ length: 500 }, newApiKey));
    const results = await Promise.all(flood.map((key) => identify(key)));
    expect(get.mock.calls.length).toBeLessThanOrEqual(210);
    expect(results.at(-1)).toEqual({ ok: false, denial: "api_key_reads_limited" });
    expect(await identify(known)).toMatchObject({ ok: true });
    // Nor when the copies of their records have run out, and the flood goes on.
    later(31_000);
    const more = await Promise.all(Array.from({ length: 1_000 }, newApiKey));
    await Promise.all(more.map((key) => identify(key)));
    expect(await identify(known)).toMatchObject({ ok: true });
    later(2_000_000);
    expect(await identify(await stored())).toMatchObject({ ok: true });
  });

  test("a herd with one good key, and with many, is let in", async () => {
    later(4_000_000);
    const key = await stored();
    const herd = await Promise.all(Array.from({ length: 150 }, () => identify(key)));
    expect(herd.every(({ ok }) => ok)).toBe(true);
    later(5_000_000);
    const keys = await Promise.all(Array.from({ length: 150 }, () => stored()));
    const many = await Promise.all(keys.map((each) => identify(each)));
    expect(many.every(({ ok }) => ok)).toBe(true);
  });

  test("one that fails uses nothing up", async () => {
    later(6_000_000);
    get.mockRejectedValue(new Error("boom"));
    for (let n = 0; n < 250; n++) {
      expect(await identify(await newApiKey())).toEqual(unavailable);
    }
    get.mockReset();
  });

  test("one that hangs is given up", async () => {
    get.mockReturnValueOnce(new Promise<never>(() => undefined) as never);
    expect(await identify(await newApiKey())).toEqual(unavailable);
  });

  test("good keys use nothing up", async () => {
    later(3_000_000);
    const keys = await Promise.all(Array.from({ length: 120 }, () => stored()));
    for (const key of keys) expect(await identify(key)).toMatchObject({ ok: true });
  });

  test("none at an address that keeps failing, unless the key is known", async () => {
    const [known, unknown] = [await stored(), await stored()];
    await identify(known);
    get.mockClear();
    expect(await identify(known, { mayAsk: false })).toMatchObject({ ok: true });
    const limited = { ok: false, denial: "address_limited" };
    expect(await identify(unknown, { mayAsk: false })).toEqual(limited);
    expect(get).not.toHaveBeenCalled();
    expect(await identify(unknown)).toMatchObject({ ok: true });
  });
});

test("a key expires to the second, also one that is known", async () => {
  const expires_at = `${new Date(Date.now() + 10_000).toISOString().slice(0, 19)}Z`;
  const key = await stored({ expires_at });
  expect(await identify(key)).toMatchObject({ ok: true });
  later(10_000);
  expect(await identify(key)).toEqual({ ok: false, denial: "api_key_expired" });
});

test("when KV fails, nobody unknown gets in, and nobody is told that the key is bad", async () => {
  const key = await stored();
  get.mockRejectedValueOnce(new Error("boom"));
  expect(await identify(key)).toEqual(unavailable);
  expect(await identify(key)).toMatchObject({ ok: true });
});

describe("counting failures", () => {
  const limitOf = (limit: () => Promise<RateLimitOutcome>) =>
    ({ ...env, FAILURE_LIMIT: { limit } }) as typeof env;

  test("an address over its limit is failing for 10 seconds, then is counted again", async () => {
    const limit = vi.fn(async () => ({ success: false }));
    expect(await countFailure("a", limitOf(limit))).toBe(true);
    expect(isFailing("a")).toBe(true);
    expect(isFailing("b")).toBe(false);
    expect(await countFailure("a", limitOf(limit))).toBe(true);
    expect(limit).toHaveBeenCalledOnce();
    later(10_000);
    expect(isFailing("a")).toBe(false);
    expect(
      await countFailure(
        "a",
        limitOf(async () => ({ success: true })),
      ),
    ).toBe(false);
  });

  test("when the platform cannot count, nobody is over the limit", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValueOnce();
    const broken = () => Promise.reject(new Error("boom"));
    expect(await countFailure("c", limitOf(broken))).toBe(false);
    expect(warn.mock.calls[0]?.[0]).toContain("limiter_failed");
    expect(await countFailure("c", { ...env, FAILURE_LIMIT: undefined } as never)).toBe(false);
  });
});

test("callers differ by their key's id", async () => {
  const results = [
    await identify(await stored({ id: "a" })),
    await identify(await stored({ id: "b" })),
  ];
  const ids = results.map((result) => (result.ok ? result.caller.id : null));
  expect(new Set(ids).size).toBe(2);
  expect(ids.join(" ")).toMatch(/^[0-9a-f]{16} [0-9a-f]{16}$/);
});

test("a budget: the burst, then so many a second, and what is given back", () => {
  const budget = new ReadBudget({ burst: 3, perSecond: 2 });
  const take = (now: number, times: number) =>
    Array.from({ length: times }, () => budget.take(now));
  expect(take(1_000, 4)).toEqual([true, true, true, false]);
  expect(take(1_499, 1)).toEqual([false]);
  expect(take(1_500, 2)).toEqual([true, false]);
  budget.giveBack();
  expect(take(1_500, 2)).toEqual([true, false]);
  // A clock that goes back gives nothing.
  expect(take(500, 1)).toEqual([false]);
  expect(take(1_000_000, 5)).toEqual([true, true, true, false, false]);
});

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
  ["2001:db8::1", "2001:db8:0:0"],
  ["2001:db8:1:2::", "2001:db8:1:2"],
  ["::1", "0:0:0:0"],
  ["::ffff:192.0.2.1", "0:0:0:0"],
])("the address %s counts as %s", (ip, expected) => {
  expect(addressOf(new Headers({ "cf-connecting-ip": ip }))).toBe(expected);
});

test.each(["2020-13-01T00:00:00Z", "2020-01-32T00:00:00Z", "2020-06-31T24:00:01Z"])(
  "an expiry that is no time (%s) has passed",
  async (expires_at) => {
    const key = await stored({ expires_at });
    expect(await identify(key)).toEqual({ ok: false, denial: "api_key_expired" });
  },
);
