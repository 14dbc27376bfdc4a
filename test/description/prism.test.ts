/** Prism, as a proxy that validates what the Worker answers, and as a mock server that plays the Worker. */
import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROBLEMS } from "../../src/problem.ts";
import { BALANCES, HISTORIES, STATUSES } from "../../src/site/examples.ts";
import { startProcess } from "../clients/connection.ts";
import { conform } from "../e2e/conform.ts";
import type { Recorded } from "../e2e/record.ts";
import { startWorker } from "../e2e/worker.ts";
import { serve } from "../listen.ts";
import { type Prism, startPrism, violations } from "./tools.ts";

/** The TypeScript client in a process, which takes commands. */
const APP = resolve(import.meta.dirname, "../clients/typescript/node.ts");
const NOW = Date.UTC(2026, 10, 24, 10);

describe("Prism as a proxy", () => {
  test("finds nothing wrong with any answer that the end-to-end tests have got", async () => {
    const folder = process.env.RECORD_ANSWERS ?? "dist/answers";
    const recorded = globSync(join(folder, "*.jsonl"))
      .flatMap((file) => readFileSync(file, "utf8").trimEnd().split("\n"))
      .map((line) => JSON.parse(line) as Recorded);
    // Prism insists on a body even of HEAD; of other methods nothing is described.
    const answers = recorded.filter(({ method }) => method === "GET");
    const kinds = new Set(answers.map(({ path, status }) => `${path.split("?", 1)} ${status}`));
    expect(kinds.size, `first: RECORD_ANSWERS=${folder} npm test`).toBeGreaterThan(20);

    await using server = await serve((request, response) => {
      const { status, headers, body } = answers[Number(request.headers["x-answer"])] ?? never();
      const ofConnection = /^(connection|transfer-encoding|content-(length|encoding))$/;
      const kept = headers.filter(([name]) => !ofConnection.test(name));
      response.writeHead(status, kept.flat()).end(body);
    });
    await using prism = await startPrism("proxy", server.url);
    for (const [index, { path, status }] of answers.entries()) {
      const headers = { "x-answer": `${index}`, authorization: "Bearer x" };
      const response = await fetch(prism.url + path, { headers });
      expect(violations(response), JSON.stringify(answers[index])).toEqual([]);
      expect(response.status).toBe(status);
      await response.arrayBuffer();
    }
    console.info(`Prism: ${answers.length} answers, ${kinds.size} kinds, no violation`);
  });

  test("finds nothing wrong with a started Worker", async () => {
    await using worker = await startWorker();
    await using prism = await startPrism("proxy", worker.url);
    const ask = async (path: string, status: number, headers: Record<string, string> = {}) => {
      const sent = { authorization: `Bearer ${worker.token}`, ...headers };
      const response = await fetch(prism.url + path, { headers: sent });
      expect(violations(response), path).toEqual([]);
      expect(response.status, path).toBe(status);
      await response.arrayBuffer();
    };
    await ask("/health", 200);
    await ask("/ready", 503);
    await ask("/openapi.json", 200);
    await ask("/v1/balance", 504, { "cache-control": "only-if-cached" });
    for (const path of ["/v1/balance", "/v1/balance/status", "/v1/balance/history"]) {
      await ask(path, 200);
      await ask(path, 200, { "cache-control": "no-cache" });
      await ask(path, 304, { "if-none-match": "*" });
      await ask(path, 401, { authorization: "Bearer x" });
    }
    await ask("/v1/balance/history?days=0", 400);
  });

  test("finds a member that has the wrong type, and a status that is not described", async () => {
    await using server = await serve(({ url }, response) => {
      const status = url === "/health" ? 200 : 418;
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify({ status: 1, version: "local" }));
    });
    await using prism = await startPrism("proxy", server.url);
    const found = async (path: string) => violations(await fetch(prism.url + path)).join();
    expect(await found("/health")).toContain("response.body.status");
    expect(await found("/ready")).toContain("Unable to match the returned status code");
  });
});

describe("Prism as a mock server", () => {
  let mock: Prism;
  beforeAll(async () => {
    mock = await startPrism("mock");
  });
  afterAll(() => mock[Symbol.asyncDispose]());

  const ask = async (path: string, prefer: string) => {
    const headers = { authorization: "Bearer x", prefer };
    const response = await fetch(mock.url + path, { headers });
    await conform("get", path, response);
    return response.json();
  };

  test.each([
    ["/v1/balance", BALANCES],
    ["/v1/balance/status", STATUSES],
    ["/v1/balance/history", HISTORIES],
  ])("answers each state of %s by its name", async (path, examples) => {
    for (const [name, example] of Object.entries(examples)) {
      expect(await ask(path, `example=${name}`)).toEqual(example);
    }
  });

  test("answers each problem by its code", async () => {
    for (const [code, { status }] of Object.entries(PROBLEMS)) {
      // What no GET of a balance has.
      if (["not_found", "invalid_parameter"].includes(code)) continue;
      const problem = await ask("/v1/balance", `code=${status}, example=${code}`);
      expect(problem).toMatchObject({ status, code });
    }
  });

  /** What an app shows when each answer is the one that is preferred. */
  async function shown(prefer: string, op: "refresh" | "status" | "history") {
    await using front = await serve(async ({ url, headers }, response) => {
      const { authorization = "", accept = "" } = headers;
      const answer = await fetch(mock.url + url, { headers: { authorization, accept, prefer } });
      response.writeHead(answer.status, [...answer.headers].flat());
      response.end(await answer.text());
    });
    const { connection, close } = startProcess(process.execPath, [APP]);
    try {
      const options = { folder: "", owner: "user-1", now: NOW, timeout: 60_000 };
      const credentials = ["x"];
      await connection.ask({ op: "start", baseUrl: front.url, ...options, credentials });
      return await connection.ask({ op });
    } finally {
      await close();
    }
  }

  test.each(Object.entries(BALANCES))("is enough for an app to show %s", async (name, balance) => {
    const { status, blocked, stale, stale_reason } = balance;
    expect(await shown(`example=${name}`, "refresh")).toMatchObject({
      ...{ status, blocked, stale, stale_reason, problem: null },
      available: balance.available.replace(/\.00$/, ""),
      plan: balance.plan?.title ?? null,
    });
  });

  test.each(["rate_limited", "upstream_unavailable", "insufficient_scope"] as const)(
    "is enough for an app to show the problem %s",
    async (code) => {
      const { status } = PROBLEMS[code];
      const prefer = `code=${status}, example=${code}`;
      expect(await shown(prefer, "refresh")).toMatchObject({ available: null, problem: code });
    },
  );

  test("is enough for an app to show a widget and a chart", async () => {
    expect(await shown("example=low", "status")).toMatchObject({ status: "low", problem: null });
    const chart = { points: 1, forecast_reason: "not_spending", problem: null };
    expect(await shown("example=not_spending", "history")).toMatchObject(chart);
  });
});

function never(): never {
  throw new Error("Prism has not passed on which answer is asked for");
}
