import { describe, expect, test } from "vitest";
import { hedge } from "../../src/lib/hedge.ts";

const never = new Promise<never>(() => undefined);
const value = (name: string) => Promise.resolve({ name });

describe("a source that answers in time", () => {
  test("is not joined by the second one, whatever it answers", async () => {
    const second = () => Promise.reject(new Error("asked"));
    expect(await hedge(value("first"), second, 60_000)).toEqual({ name: "first" });
    expect(await hedge(Promise.resolve(null), second, 60_000)).toBeNull();
  });
});

describe("a source that stalls", () => {
  test("is joined by the second one, whose answer counts when it is the first", async () => {
    expect(await hedge(never, () => value("second"), 1)).toEqual({ name: "second" });
  });

  test("still counts when the second one has no usable answer", async () => {
    const { promise, resolve } = Promise.withResolvers<{ name: string }>();
    const second = () => {
      resolve({ name: "first" });
      return Promise.resolve(null);
    };
    expect(await hedge(promise, second, 1)).toEqual({ name: "first" });
  });

  test("leaves nothing when neither has a usable answer", async () => {
    const { promise, resolve } = Promise.withResolvers<null>();
    const second = () => {
      resolve(null);
      return Promise.resolve(null);
    };
    expect(await hedge(promise, second, 1)).toBeNull();
  });
});

test("0 turns hedging off", async () => {
  const second = () => Promise.reject(new Error("asked"));
  expect(await hedge(value("first"), second, 0)).toEqual({ name: "first" });
});
