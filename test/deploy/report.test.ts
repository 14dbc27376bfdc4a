/** `npm run report` against points as the Worker writes them, some of them sampled. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type MetricPoint, writeMetric } from "../../src/lib/metrics.ts";
import { ACCOUNT_ID } from "../cloudflare/account.ts";
import type { Point } from "../cloudflare/analytics.ts";
import { type Cloudflare, startCloudflare } from "../cloudflare/server.ts";
import { serve } from "../listen.ts";

vi.mock("../../src/lib/version.ts", () => ({ VERSION: "local" }));

const DATASET = "zoo_balance_proxy_production";
const HOUR_SECONDS = 3_600;

/** A point as the Worker writes it, `sampleInterval` of them being counted by one. */
function pointOf(
  written: Omit<MetricPoint, "ms"> & { ms?: number },
  sampleInterval = 1,
  sample = 1,
): Point {
  const points: Point[] = [];
  const timestamp = Math.floor(Date.now() / 1_000) - HOUR_SECONDS;
  const dataset: AnalyticsEngineDataset = {
    writeDataPoint({ blobs = [], doubles = [], indexes = [] } = {}) {
      const index = String(indexes[0] ?? "");
      points.push({ timestamp, blobs: blobs.map(String), doubles, index, sampleInterval });
    },
  };
  // So that this point is one of those that are written, whatever `sample` is.
  const random = vi.spyOn(Math, "random").mockReturnValue(0);
  writeMetric(dataset, { ms: 1, ...written }, sample);
  random.mockRestore();
  const [point] = points;
  if (point === undefined) throw new Error("no point was written");
  return point;
}

const withoutWeight = (point: Point): Point => ({ ...point, doubles: point.doubles.slice(0, 3) });

const BALANCE = { route: "/v1/balance", account: "default" } as const;

const POINTS: readonly Point[] = [
  pointOf({ ...BALANCE, status: 200, cache: "memory", caller: "a", ms: 0, age: 10 }, 8, 10),
  // Of a version that wrote no weight.
  withoutWeight(
    pointOf({ ...BALANCE, status: 200, cache: "memory", caller: "a", ms: 0, age: 10 }, 10),
  ),
  pointOf({ ...BALANCE, status: 200, cache: "kv", caller: "b", ms: 20, age: 90 }, 5),
  pointOf({ ...BALANCE, status: 200, cache: "miss", caller: "c", ms: 900, age: 0 }),
  pointOf({ ...BALANCE, status: 503, code: "upstream_unavailable", caller: "c" }, 2),
  pointOf({ ...BALANCE, status: 401, code: "invalid_credentials", reason: "expired" }, 2),
  pointOf({ route: "/health", status: 200 }, 20),
  pointOf({ route: "refresh", account: "default", status: 200, ms: 400 }, 3),
  pointOf({
    route: "refresh",
    account: "default",
    status: 0,
    code: "upstream_unavailable",
    ms: 10_000,
  }),
];

let cloudflare: Cloudflare;
beforeAll(async () => {
  cloudflare = await startCloudflare();
  const old = { ...pointOf({ ...BALANCE, status: 500, code: "internal" }), timestamp: 1 };
  cloudflare.account.points.set(DATASET, [...POINTS, old]);
});
afterAll(() => cloudflare[Symbol.asyncDispose]());

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function report(
  args: readonly string[],
  env: Record<string, string> = cloudflare.env,
): Promise<Ended> {
  return new Promise((resolve) => {
    const { CLOUDFLARE_API_TOKEN: _, CLOUDFLARE_ACCOUNT_ID: __, ...others } = process.env;
    const options = { env: { ...others, ...env } };
    execFile(process.execPath, ["src/cli/report.ts", ...args], options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

/** An API that answers every question with what `answer` says to it. */
async function answering(answer: (sql: string) => readonly [status: number, body: string]) {
  const server = await serve(async (request, response) => {
    const [status, body] = answer(await text(request));
    response.writeHead(status).end(body);
  });
  return {
    env: { ...cloudflare.env, CLOUDFLARE_API_BASE_URL: server.url },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

test("the report counts each sampled point as often as it stands for", async () => {
  const { code, stdout } = await report(["--env", "production", "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    days: 7,
    answers: 100,
    share_without_zoo: 95 / 96,
    availability: 0.98,
    objective_met: false,
    ms: { p50: 0, p95: 20, p99: 900 },
    age_seconds: { p50: 10, p95: 90, p99: 90 },
    stale_share: 5 / 96,
    zoo_calls: 4,
    zoo_ms: { p50: 400, p99: 10_000 },
    zoo_failures: [{ name: "upstream_unavailable", count: 1 }],
    errors: [{ name: "503 upstream_unavailable", count: 2 }],
    refusals: [{ name: "invalid_credentials, expired", count: 2 }],
    callers: { all: 3, failed: 1, stale: 1 },
    sampled: true,
    month: { usd: expect.any(Number), freePlanHolds: true },
  });
});

test("the report says in words what an operator wants on a Monday", async () => {
  const { stdout } = await report(["--days", "30", "--objective", "98"]);
  expect(stdout).toMatch(/answers +100 to at least 3 callers/);
  expect(stdout).toMatch(/without Zoo +99\.0 %/);
  expect(stdout).toMatch(/availability +98\.000 %, objective 98\.000 %: met/);
  expect(stdout).toMatch(/2 {2}invalid_credentials, expired/);
  expect(stdout).toMatch(/a month of this +about \$5\.00 on the paid plan/);
});

test("an environment without answers is told so, and no share of nothing is printed", async () => {
  await using empty = await startCloudflare();
  empty.account.points.set(DATASET, []);
  const { code, stdout } = await report([], empty.env);
  expect(code).toBe(0);
  expect(stdout).toContain("no answers in the last 7 days");
});

test("before the first point there is no dataset: the report says so, and what to check", async () => {
  await using empty = await startCloudflare();
  const { code, stdout, stderr } = await report([], empty.env);
  expect(code).toBe(1);
  expect(stdout).toBe("");
  expect(stderr).toMatch(/^production: no data yet/);
  expect(stderr).toContain(DATASET);
  expect(stderr).toContain("npm run smoke");
  expect(stderr).not.toMatch(/422|Usage|SELECT|no such table/);
});

test("a question that is refused though the dataset is there is told as a fault of the report", async () => {
  await using server = await answering((sql) =>
    sql.includes("LIMIT 1") ? [200, '{"data":[]}'] : [422, "Input error: no such function"],
  );
  const { code, stderr } = await report([], server.env);
  expect(code).toBe(1);
  expect(stderr).toMatch(/does not understand/);
  expect(stderr).toContain("no such function");
  expect(stderr).not.toContain("no data yet");
});

test.each([
  [401, "expired"],
  [403, "Account Analytics: Read"],
  [404, "CLOUDFLARE_ACCOUNT_ID"],
  [429, "few minutes"],
  [502, "cloudflarestatus.com"],
  [418, "answered 418"],
])("a refusal with %i is told in plain words: %s", async (status, words) => {
  await using server = await answering(() => [status, '{"errors":[{"code":1}]}']);
  const { code, stdout, stderr } = await report([], server.env);
  expect(code).toBe(1);
  expect(stdout).toBe("");
  expect(stderr).toContain(words);
  expect(stderr).not.toMatch(/Usage| {4}at /);
});

test.each(["<html>", "{}"])("an answer that is none of the API's (%s) is told", async (body) => {
  await using server = await answering(() => [200, body]);
  const { code, stderr } = await report([], server.env);
  expect(code).toBe(1);
  expect(stderr).toMatch(/not the answer of Analytics Engine/);
  expect(stderr).not.toContain("    at ");
});

test("the questions in the handbook are understood, and answered", async () => {
  const handbook = await readFile("src/cli/README.md", "utf8");
  const [, questions = ""] = /```sql\n(.*?)\n```/s.exec(handbook) ?? [];
  const all = questions.split("\n\n");
  expect(all).toHaveLength(3);
  const { CLOUDFLARE_API_BASE_URL: base, CLOUDFLARE_API_TOKEN: token } = cloudflare.env;
  for (const body of all) {
    const response = await fetch(`${base}/accounts/${ACCOUNT_ID}/analytics_engine/sql`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body,
    });
    expect(response.status, await response.clone().text()).toBe(200);
    const { data } = (await response.json()) as { data: unknown[] };
    expect(data).not.toEqual([]);
  }
});

test.each([
  ["fail", /answered 500/],
  ["forbid", /Account Analytics: Read/],
  ["cut", /broke off/],
] as const)("a call that ends in %s ends the report with what to do", async (fault, words) => {
  cloudflare.setFault("POST /analytics_engine/sql", fault);
  const { code, stdout, stderr } = await report([]);
  cloudflare.clearFaults();
  expect(code).toBe(1);
  expect(stdout).toBe("");
  expect(stderr).toMatch(words);
  expect(stderr).not.toContain("    at ");
});

test("without a token, with a wrong day or environment, it says which", async () => {
  const { env } = cloudflare;
  expect((await report([], {})).stderr).toContain("CLOUDFLARE_API_TOKEN");
  expect((await report(["--days", "0"], env)).stderr).toContain("0 is not 1 to 90");
  expect((await report(["--env", "nowhere"], env)).stderr).toContain("[env.nowhere]");
  expect((await report(["--weeks"], env)).code).toBe(2);
});
