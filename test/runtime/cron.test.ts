import { createScheduledController } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import type { RefreshDemand } from "../../src/balance/refresh.ts";
import type { Env } from "../../src/env.ts";
import worker from "../../src/index.ts";
import { env } from "./support.ts";

const error = vi.spyOn(console, "error").mockReturnValue();
afterEach(() => {
  error.mockClear();
});

const run = (variables: object) =>
  worker.scheduled(createScheduledController(), { ...env, ...variables } as Env);

test("every account is refreshed as its freshness and backoff allow; one that fails harms no other", async () => {
  const demands: [string, RefreshDemand][] = [];
  const getByName = (name: string) => ({
    async refresh(demand: RefreshDemand) {
      demands.push([name, demand]);
      if (name === "b") throw new Error("boom");
    },
  });
  const ACCOUNTS = { a: { token: "ZOO_API_TOKEN" }, b: { token: "ZOO_API_TOKEN" } };
  await run({ ACCOUNTS, ACCOUNT_BALANCE: { getByName } });
  expect(demands.map(([name]) => name).sort()).toEqual(["a", "b", "default"]);
  for (const [name, demand] of demands) {
    expect(demand).toMatchObject({ account: name, maxAge: null, wait: "until_done" });
  }
  expect(error.mock.calls.map(([line]) => JSON.parse(String(line)).event)).toEqual([
    "object_failed",
  ]);
});

test("a bad configuration is logged, and nothing else happens", async () => {
  await run({ FRESH_SECONDS: "never" });
  expect(error.mock.calls.map(([line]) => JSON.parse(String(line)).event)).toEqual([
    "misconfigured",
  ]);
});
