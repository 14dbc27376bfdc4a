import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type StartedWorker, startWorker } from "./worker.ts";

let worker: StartedWorker;
beforeAll(async () => {
  worker = await startWorker();
});
afterAll(() => worker.close());
beforeEach(() => {
  worker.zoo.reset();
});

describe("GET /v1/balance", () => {
  test("the documented example body gives the documented view", async () => {
    worker.zoo.setGeneration("documented");
    const response = await worker.balance();
    const { as_of, ...view } = (await response.json()) as { as_of: string };
    expect(response.status).toBe(200);
    expect(as_of).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(view).toEqual({
      account: "default",
      status: "ok",
      currency: "USD",
      available: "146.72",
      monthly: { remaining: "58.93", allowance: "66.98", units: null, refreshes_at: null },
      prepaid: { remaining: "87.79", units: null, cash: "70.93" },
      total_due: "31.61",
      plan: {
        name: "free",
        title: "free",
        pricing: "contract",
        price: null,
        interval: null,
        support: "standard",
      },
      updated_at: "2024-04-29T19:59:59Z",
      stale: false,
      stale_reason: null,
    });
  });
});
