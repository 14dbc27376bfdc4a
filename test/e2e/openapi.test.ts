/** The document as it is served. That all answers are as it says, `conform.ts` sees to in every test. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROBLEMS } from "../../src/problem.ts";
import { conform, conformWebhook } from "./conform.ts";
import { type StartedWorker, startWorker } from "./worker.ts";

let worker: StartedWorker;
let document: Record<string, never>;
beforeAll(async () => {
  worker = await startWorker();
  document = (await (await fetch(`${worker.url}/openapi.json`)).json()) as typeof document;
});
afterAll(() => worker.close());

test("the API description is served as JSON to anybody, with the security headers of a page", async () => {
  const response = await fetch(`${worker.url}/openapi.json`);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  expect(document).toMatchObject({ openapi: "3.1.0" });
});

test("the API description has every problem code at its status, with an example equal to the real answer", () => {
  const text = JSON.stringify(document);
  for (const [code, { status }] of Object.entries(PROBLEMS)) {
    expect(text).toContain(`"status":${status},"code":"${code}"`);
  }
});

describe("what generators of clients cannot handle", () => {
  const everything: [string, unknown][] = [];
  beforeAll(() => {
    const collect = (value: unknown): void => {
      if (typeof value !== "object" || value === null) return;
      for (const [name, part] of Object.entries(value)) {
        everything.push([name, part]);
        collect(part);
      }
    };
    collect(document);
  });

  test.each(["oneOf", "anyOf", "allOf", "enum", "const", "discriminator", "additionalProperties"])(
    "is %s, so no schema has it",
    (keyword) => {
      expect(everything.filter(([name]) => name === keyword)).toEqual([]);
    },
  );

  test("is a word that its schema does not know, so no word has a pattern", () => {
    const words = everything.filter(([, part]) =>
      /More words may come/.test((part as { description?: string } | null)?.description ?? ""),
    );
    expect(new Set(words.map(([name]) => name))).toEqual(
      new Set("status blocked stale_reason pricing interval forecast_reason code type".split(" ")),
    );
    expect(words.filter(([, word]) => "pattern" in Object(word))).toEqual([]);
  });

  test("are optional members, so every member of an answer is required", () => {
    const objects = everything
      .map(([, part]) => part as { properties?: object; required?: string[] } | null)
      .filter((part) => typeof part?.properties === "object");
    expect(objects.length).toBeGreaterThan(5);
    for (const part of objects) {
      expect(Object.keys(part?.properties ?? {}).sort()).toEqual(
        [...(part?.required ?? [])].sort(),
      );
    }
  });

  test("are fractions of a second, so times have none in schemas and examples", () => {
    const times = everything.filter(
      ([, part]) => (part as { format?: string } | null)?.format === "date-time",
    );
    expect(times.length).toBeGreaterThan(2);
    for (const [, part] of times)
      expect((part as { pattern: string }).pattern).not.toContain("\\.");
  });
});

describe.each(["get", "head"] as const)("answers to %s are as described", (method) => {
  const ask = async (path: string, headers: Record<string, string> = {}, query = "") => {
    const init = { method: method.toUpperCase(), headers };
    const response = await fetch(`${worker.url}${path}${query}`, init);
    await conform(method, path, response);
    return response;
  };

  test.each(["/v1/balance", "/v1/balance/status", "/v1/balance/history"])(
    "of %s, whatever the credential is",
    async (path) => {
      const authorization = `Bearer ${worker.token}`;
      const { headers } = await ask(path, { authorization });
      const unchanged = { authorization, "if-none-match": headers.get("etag") ?? "" };
      expect((await ask(path, unchanged)).status).toBe(304);
      expect((await ask(path)).status).toBe(401);
      expect((await ask(path, { authorization: "Bearer x" })).status).toBe(401);
    },
  );

  test("of a history of 0 days", async () => {
    const authorization = `Bearer ${worker.token}`;
    const response = await ask("/v1/balance/history", { authorization }, "?days=0");
    expect(response.status).toBe(400);
  });

  test.each(["/health", "/ready"])("of %s", async (path) => {
    expect((await ask(path)).status).toBe(200);
  });

  test("of this document, which is not sent again while it is the same", async () => {
    const { headers } = await ask("/openapi.json");
    const unchanged = { "if-none-match": headers.get("etag") ?? "" };
    expect((await ask("/openapi.json", unchanged)).status).toBe(304);
  });
});

test("an answer that differs from the description fails the comparison", async () => {
  const good = await worker.balance();
  const { headers } = good;
  const view = (await good.json()) as Record<string, unknown>;
  const { total_due: _, ...incomplete } = view;
  const { available: __, ...withoutAmount } = view;
  for (const body of [
    incomplete,
    withoutAmount,
    { ...view, secret_token: "x" },
    { ...view, monthly: { ...Object(view.monthly), more: 1 } },
    { ...view, available: 1 },
    { ...view, as_of: "2026-11-24T10:00:00.123Z" },
  ]) {
    const response = new Response(JSON.stringify(body), { headers });
    await expect(conform("get", "/v1/balance", response)).rejects.toThrow("get /v1/balance 200");
  }
  const noTag = new Headers(headers);
  noTag.delete("etag");
  const response = new Response(JSON.stringify(view), { headers: noTag });
  await expect(conform("get", "/v1/balance", response)).rejects.toThrow("has no ETag");
  const unchanged = new Response(null, { status: 304, headers });
  await expect(conform("get", "/v1/balance", unchanged)).rejects.toThrow("has a Content-Type");
});

test("a webhook that differs from the description fails the comparison", () => {
  const data = { account: "default", threshold: null, available: "146.72", amount: "100.00" };
  const event = { type: "balance.topped_up", timestamp: "2026-11-24T10:00:00Z", data };
  conformWebhook(JSON.stringify(event));
  const { amount: _, ...incomplete } = data;
  for (const wrong of [
    { ...event, type: "balance.lost" },
    { ...event, data: incomplete },
    { ...event, data: { ...data, secret_token: "x" } },
    { ...event, data: { ...data, amount: 100 } },
  ]) {
    expect(() => conformWebhook(JSON.stringify(wrong))).toThrow(wrong.type);
  }
});
