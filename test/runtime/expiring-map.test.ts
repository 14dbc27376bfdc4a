import { expect, test, vi } from "vitest";
import { ExpiringMap } from "../../src/lib/expiring-map.ts";

test("an entry is gone from its expiry time on, even when the clock goes back", () => {
  vi.setSystemTime(1_000);
  const map = new ExpiringMap<string>(10);
  map.set("a", "A", 2_000);
  vi.setSystemTime(1_999);
  expect(map.get("a")).toBe("A");
  vi.setSystemTime(2_000);
  expect(map.get("a")).toBeUndefined();
  vi.setSystemTime(1_000);
  expect(map.get("a")).toBeUndefined();
});

test("a full map evicts the entries that were set first", () => {
  const map = new ExpiringMap<number>(1_000);
  for (let n = 0; n < 100_000; n++) map.set(`${n}`, n, Date.now() + 60_000);
  const held = Array.from({ length: 100_000 }, (_, n) => map.get(`${n}`)).filter(
    (value) => value !== undefined,
  );
  expect(held).toEqual(Array.from({ length: 1_000 }, (_, n) => 99_000 + n));
});

test("setting a key again makes it the newest entry, with its new value and expiry", () => {
  const map = new ExpiringMap<string>(2);
  const end = Date.now() + 60_000;
  map.set("a", "old", end);
  map.set("b", "B", end);
  map.set("a", "new", end);
  map.set("c", "C", end);
  expect([map.get("a"), map.get("b"), map.get("c")]).toEqual(["new", undefined, "C"]);
});

test("keys of chosen length hold no more characters than allowed: the oldest make room", () => {
  const map = new ExpiringMap<number>(1_000, 100);
  const end = Date.now() + 60_000;
  const key = (n: number, length: number) => `${n}`.padEnd(length, ".");
  for (let n = 0; n < 10; n++) map.set(key(n, 10), n, end);
  map.set(key(10, 25), 10, end);
  const held = Array.from({ length: 10 }, (_, n) => map.get(key(n, 10)));
  expect(held).toEqual([undefined, undefined, undefined, 3, 4, 5, 6, 7, 8, 9]);
  expect(map.get(key(10, 25))).toBe(10);
  // Setting a key anew counts it once.
  for (let n = 0; n < 20; n++) map.set(key(10, 25), n, end);
  expect(map.get(key(3, 10))).toBe(3);
});
