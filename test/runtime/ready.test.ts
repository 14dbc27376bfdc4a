/** `GET /ready` of one isolate to whom many come at once: one check, and nobody is told more than it found. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import type { Env } from "../../src/env.ts";
import worker from "../../src/index.ts";
import { env, later, recordOf } from "./support.ts";

vi.spyOn(console, "error").mockReturnValue();

const KEEP_MS = 10_000;
const CALLERS = 20;

/** An isolate that remembers nothing. While `hold` is set, a read of its KV waits for `release`. */
function isolateOf(fetchedAt: () => number) {
  const kv = {
    reads: 0,
    hold: true,
    release: () => {},
    async get() {
      kv.reads += 1;
      if (kv.hold) await new Promise<void>((resolve) => (kv.release = resolve));
      return recordOf("default", fetchedAt());
    },
  };
  const nothing = { record: null, failure: null, attempted: false };
  const ACCOUNT_BALANCE = { getByName: () => ({ peek: async () => nothing }) };
  const bound = { ...env, HEDGE_MS: 0, ACCOUNT_BALANCE, BALANCE_KV: kv };
  return { kv, isolate: bound as unknown as Env };
}

async function ready(isolate: Env): Promise<number> {
  const request = new Request<unknown, IncomingRequestCfProperties>("https://x.example/ready");
  const context = createExecutionContext();
  const { status } = await worker.fetch(request, isolate, context);
  await waitOnExecutionContext(context);
  return status;
}
const many = (isolate: Env) => Array.from({ length: CALLERS }, () => ready(isolate));

test("whoever comes during the first check waits for what it finds, and it is one", async () => {
  const { kv, isolate } = isolateOf(() => Date.now() - 86_400_000);
  const statuses = many(isolate);
  await vi.waitFor(() => expect(kv.reads).toBe(1));
  kv.release();
  expect(new Set(await Promise.all(statuses))).toEqual(new Set([503]));
  expect(kv.reads).toBe(1);
});

test("whoever comes during a later check is answered with what the one before it found", async () => {
  let fetchedAt = Date.now();
  const { kv, isolate } = isolateOf(() => fetchedAt);
  kv.hold = false;
  expect(await ready(isolate)).toBe(200);
  later(86_400_000);
  kv.hold = true;
  const checking = ready(isolate);
  await vi.waitFor(() => expect(kv.reads).toBe(2));
  expect(await Promise.all(many(isolate))).toEqual(Array(CALLERS).fill(200));
  kv.release();
  expect(await checking).toBe(503);
  expect(await ready(isolate)).toBe(503);
  expect(kv.reads).toBe(2);
  fetchedAt = Date.now();
  kv.hold = false;
  later(KEEP_MS);
  expect(await ready(isolate)).toBe(200);
});

test("a check that throws is remembered as nothing: the next request checks anew", async () => {
  const { kv, isolate } = isolateOf(() => Date.now());
  kv.hold = false;
  let isBroken = false;
  Object.defineProperty(isolate, "BALANCE_KV", {
    enumerable: true,
    get() {
      if (isBroken) throw new Error("boom");
      return kv;
    },
  });
  // The configuration is parsed before.
  await worker.fetch(new Request("https://x.example/health"), isolate, createExecutionContext());
  isBroken = true;
  expect(await ready(isolate).catch(() => 500)).toBe(500);
  expect(await ready(isolate).catch(() => 500)).toBe(500);
  isBroken = false;
  expect(await ready(isolate)).toBe(200);
});
