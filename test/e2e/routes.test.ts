import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectProblem } from "./problems.ts";
import { type StartedWorker, startWorker } from "./worker.ts";

let worker: StartedWorker;
let broken: StartedWorker;
beforeAll(async () => {
  [worker, broken] = await Promise.all([
    startWorker(),
    startWorker({ FRESH_SECONDS: "not-a-number" }),
  ]);
});
afterAll(() => Promise.all([worker.close(), broken.close()]));

describe("GET /health", () => {
  test("answers ok without a credential, and asks nothing of anyone", async () => {
    const response = await fetch(`${worker.url}/health`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: "ok", version: expect.any(String) });
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(worker.zoo.balanceRequests).toHaveLength(0);
    expect(worker.zoo.jwksRequests).toHaveLength(0);
  });

  test("answers HEAD without a body", async () => {
    const response = await fetch(`${worker.url}/health`, { method: "HEAD" });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("");
  });
});

describe("the Worker", () => {
  test.each([
    "/v1",
    "/v1/balances",
    "/v2/balance",
    "/v1/balance/x",
    "/v1/balance/",
    "/v1/balance/status/",
    "/v1/balance/history/",
    "/health/",
    "/%00",
    "/user/payment/balance",
  ])("answers 404 at %s, where nothing is", async (path) => {
    await expectProblem(await fetch(worker.url + path), 404, "not_found");
  });

  test.each(["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])(
    "answers 405 to %s, with Allow",
    async (method) => {
      for (const path of ["/v1/balance", "/health"]) {
        const response = await fetch(worker.url + path, {
          method,
          headers: { authorization: `Bearer ${worker.token}` },
        });
        await expectProblem(response, 405, "method_not_allowed");
        expect(response.headers.get("allow")?.split(", ")).toEqual(
          expect.arrayContaining(["GET", "HEAD"]),
        );
      }
      expect(worker.zoo.balanceRequests).toHaveLength(0);
    },
  );
});

describe("a bad configuration", () => {
  test.each(["/health", "/v1/balance", "/nothing"])("answers 500 at %s", async (path) => {
    const response = await fetch(broken.url + path, {
      headers: { authorization: `Bearer ${broken.token}` },
    });
    const body = JSON.stringify(await expectProblem(response, 500, "misconfigured"));
    expect(body).not.toContain("FRESH_SECONDS");
    expect(body).not.toContain("not-a-number");
    expect(broken.zoo.balanceRequests).toHaveLength(0);
  });

  test("is named in the log, its value is not", async () => {
    await fetch(`${broken.url}/health`);
    const lines = await logsWith(broken, "misconfigured");
    expect(lines).toContain("FRESH_SECONDS");
    expect(lines).not.toContain("not-a-number");
    expect(lines).not.toContain(broken.zoo.token);
  });
});

/** Log lines arrive over a pipe, so possibly after the answer. */
async function logsWith({ logs }: StartedWorker, word: string): Promise<string> {
  await expect.poll(() => logs.join("\n")).toContain(word);
  return logs.filter((line) => line.includes(word)).join("\n");
}
