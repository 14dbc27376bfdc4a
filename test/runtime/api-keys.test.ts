import { beforeEach, describe, expect, test, vi } from "vitest";
import { apiKeyDenial, newApiKey } from "../../src/callers/api-key/format.ts";
import { identifyByApiKey } from "../../src/callers/api-key/lookup.ts";
import { addressOf, countFailure, isOverFailureLimit } from "../../src/callers/limit.ts";
import type { Lookup } from "../../src/callers/lookup.ts";
import { IsolateState } from "../../src/config/isolate-state.ts";
import { sha256Hex } from "../../src/lib/digest.ts";
import { ReadBudget } from "../../src/lib/token-bucket.ts";
import { apiKeyRecord } from "../api-key-record.ts";
import { env, later, lookupOf } from "./support.ts";

vi.spyOn(console, "error").mockReturnValue();
const get = vi.spyOn(env.API_KEYS, "get");
let state: IsolateState;
beforeEach(() => {
  state = new IsolateState();
  get.mockClear();
});
const lookup = (more: Partial<Lookup> = {}) => lookupOf(state, more);
const unavailable = { ok: false, denial: "api_keys_unavailable" };
const identify = (key: string, more: Partial<Lookup> = {}) => identifyByApiKey(key, lookup(more));

async function stored(more: object = {}): Promise<string> {
  const key = await newApiKey();
  const record = apiKeyRecord(more);
  await env.API_KEYS.put(await sha256Hex(key), JSON.stringify(record));
  return key;
}

describe("the format of an API key", () => {
  test("is met by every new key, and no two new keys are equal", async () => {
    const keys = await Promise.all(Array.from({ length: 200 }, newApiKey));
    expect(new Set(keys).size).toBe(200);
    for (const key of keys) {
      expect(key).toMatch(/^zbp_[0-9A-Za-z]{49}$/);
      expect(await apiKeyDenial(key)).toBeNull();
    }
    // Every character of the alphabet is used.
    expect(new Set(keys.join("").slice(4)).size).toBeGreaterThanOrEqual(62);
  });

  test("exposes a change of any single character", async () => {
    const key = await newApiKey();
    for (let at = 4; at < key.length; at++) {
      const other = key[at] === "a" ? "b" : "a";
      expect(await apiKeyDenial(key.slice(0, at) + other + key.slice(at + 1))).not.toBeNull();
    }
  });
});

describe("the budget of KV reads", () => {
  test("a key with a bad format or checksum costs no read", async () => {
    const key = await newApiKey();
    await identify("zbp_");
    await identify(key.slice(0, -1) + (key.endsWith("a") ? "b" : "a"));
    expect(get).not.toHaveBeenCalled();
  });

  test("a good key costs one read, and another after 30 seconds", async () => {
    const key = await stored();
    for (let n = 0; n < 5; n++) expect(await identify(key)).toMatchObject({ ok: true });
    expect(get).toHaveBeenCalledOnce();
    expect(get.mock.calls[0]?.[1]).toMatchObject({ cacheTtl: 30 });
    await env.API_KEYS.delete(await sha256Hex(key));
    later(30_000);
    expect(await identify(key)).toEqual({ ok: false, denial: "api_key_unknown" });
  });

  test("an unknown key costs one read, however often it comes", async () => {
    const key = await newApiKey();
    for (let n = 0; n < 5; n++) {
      expect(await identify(key)).toEqual({ ok: false, denial: "api_key_unknown" });
    }
    expect(get).toHaveBeenCalledOnce();
  });

  test("a flood of unknown keys uses the budget up, and known keys still get in", async () => {
    const known = await stored();
    expect(await identify(known)).toMatchObject({ ok: true });
    const flood = await Promise.all(Array.from({ length: 500 }, newApiKey));
    const results = await Promise.all(flood.map((key) => identify(key)));
    expect(get.mock.calls.length).toBeLessThanOrEqual(410);
    expect(results.at(-1)).toEqual({ ok: false, denial: "api_key_reads_limited" });
    expect(await identify(known)).toMatchObject({ ok: true });
    // Nor when the copies of their records have run out, and the flood goes on.
    later(31_000);
    const more = await Promise.all(Array.from({ length: 1_000 }, newApiKey));
    await Promise.all(more.map((key) => identify(key)));
    expect(await identify(known)).toMatchObject({ ok: true });
    later(3_600_000);
    expect(await identify(await stored())).toMatchObject({ ok: true });
  });

  test("a sender whose key was refused lately uses up a small budget, not that of the others", async () => {
    const [guesser, other] = [{ sender: "192.0.2.66" }, { sender: "192.0.2.7" }];
    await identify(await newApiKey(), guesser);
    get.mockClear();
    const flood = await Promise.all(Array.from({ length: 300 }, newApiKey));
    await Promise.all(flood.map((key) => identify(key, guesser)));
    expect(get.mock.calls.length).toBeLessThanOrEqual(25);
    const keys = await Promise.all(Array.from({ length: 300 }, () => stored()));
    const many = await Promise.all(keys.map((each) => identify(each, other)));
    expect(many.every(({ ok }) => ok)).toBe(true);
  });

  test("191 made-up keys a second from ever new addresses leave room for a good new one", async () => {
    for (let second = 1; second <= 10; second++) {
      later(1_000);
      const keys = await Promise.all(Array.from({ length: 191 }, newApiKey));
      await Promise.all(keys.map((key, n) => identify(key, { sender: `10.0.${second}.${n}` })));
      expect(await identify(await stored())).toMatchObject({ ok: true });
    }
  });

  test("a herd with one good key, or with many, gets in", async () => {
    const key = await stored();
    const herd = await Promise.all(Array.from({ length: 150 }, () => identify(key)));
    expect(herd.every(({ ok }) => ok)).toBe(true);
    state = new IsolateState();
    const keys = await Promise.all(Array.from({ length: 150 }, () => stored()));
    const many = await Promise.all(keys.map((each) => identify(each)));
    expect(many.every(({ ok }) => ok)).toBe(true);
  });

  test("a read that fails uses no budget up", async () => {
    get.mockRejectedValue(new Error("boom"));
    for (let n = 0; n < 250; n++) {
      expect(await identify(await newApiKey())).toEqual(unavailable);
    }
    get.mockReset();
  });

  test("a read that hangs is given up and answered as unavailable", async () => {
    get.mockReturnValueOnce(new Promise<never>(() => undefined) as never);
    expect(await identify(await newApiKey())).toEqual(unavailable);
  });

  test("good keys use no budget up", async () => {
    const keys = await Promise.all(Array.from({ length: 120 }, () => stored()));
    for (const key of keys) expect(await identify(key)).toMatchObject({ ok: true });
  });

  test("an address over its failure limit costs no read, but for keys that were good within a day", async () => {
    const [known, unknown] = [await stored(), await stored()];
    await identify(known);
    get.mockClear();
    expect(await identify(known, { cacheOnly: true })).toMatchObject({ ok: true });
    const limited = { ok: false, denial: "address_limited" };
    expect(await identify(unknown, { cacheOnly: true })).toEqual(limited);
    expect(get).not.toHaveBeenCalled();
    later(31_000);
    expect(await identify(known, { cacheOnly: true })).toMatchObject({ ok: true });
    expect(get).toHaveBeenCalledOnce();
    expect(await identify(unknown)).toMatchObject({ ok: true });
  });
});

test("a key expires to the second, also while its record is cached", async () => {
  const expires_at = `${new Date(Date.now() + 10_000).toISOString().slice(0, 19)}Z`;
  const key = await stored({ expires_at });
  expect(await identify(key)).toMatchObject({ ok: true });
  later(10_000);
  expect(await identify(key)).toEqual({ ok: false, denial: "api_key_expired" });
});

test("when KV fails, an unknown key is not let in and not called bad", async () => {
  const key = await stored();
  get.mockRejectedValueOnce(new Error("boom"));
  expect(await identify(key)).toEqual(unavailable);
  expect(await identify(key)).toMatchObject({ ok: true });
});

describe("FAILURE_LIMIT", () => {
  const limitOf = (limit: () => Promise<RateLimitOutcome>) =>
    ({ ...env, FAILURE_LIMIT: { limit } }) as typeof env;

  test("holds an address over its limit for 10 seconds, then counts it again", async () => {
    const limit = vi.fn(async () => ({ success: false }));
    expect(await countFailure("a", limitOf(limit), state)).toBe(true);
    expect(isOverFailureLimit("a", state)).toBe(true);
    expect(isOverFailureLimit("b", state)).toBe(false);
    expect(await countFailure("a", limitOf(limit), state)).toBe(true);
    expect(limit).toHaveBeenCalledOnce();
    later(10_000);
    expect(isOverFailureLimit("a", state)).toBe(false);
    expect(
      await countFailure(
        "a",
        limitOf(async () => ({ success: true })),
        state,
      ),
    ).toBe(false);
  });

  test("fails open when the platform cannot count", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValueOnce();
    const broken = () => Promise.reject(new Error("boom"));
    expect(await countFailure("c", limitOf(broken), state)).toBe(false);
    expect(warn.mock.calls[0]?.[0]).toContain("limiter_failed");
    expect(await countFailure("c", { ...env, FAILURE_LIMIT: undefined } as never, state)).toBe(
      false,
    );
  });
});

test("callers are told apart by the id of their key", async () => {
  const results = [
    await identify(await stored({ id: "a" })),
    await identify(await stored({ id: "b" })),
  ];
  const ids = results.map((result) => (result.ok ? result.id : null));
  expect(new Set(ids).size).toBe(2);
  expect(ids.join(" ")).toMatch(/^[0-9a-f]{16} [0-9a-f]{16}$/);
});

test("a token bucket gives its burst, then its rate, and again what was given back", () => {
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
])("the address %s is limited as %s", (ip, expected) => {
  expect(addressOf(new Headers({ "cf-connecting-ip": ip }))).toBe(expected);
});

test.each(["2020-13-01T00:00:00Z", "2020-01-32T00:00:00Z", "2020-06-31T24:00:01Z"])(
  "a key whose expiry is an impossible date (%s) has expired",
  async (expires_at) => {
    const key = await stored({ expires_at });
    expect(await identify(key)).toEqual({ ok: false, denial: "api_key_expired" });
  },
);
