/** `GET /ready`: whether every account had a success lately, without a credential and without asking Zoo. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Chaos, startChaos } from "./chaos.ts";
import { conform } from "./conform.ts";

let chaos: Chaos;
beforeAll(async () => {
  chaos = await startChaos({
    accounts: { acme: "ZOO_API_TOKEN" },
    vars: { READY_SECONDS: "1800", STALE_SECONDS: "86400" },
  });
  await chaos.freeze();
});
afterAll(() => chaos[Symbol.asyncDispose]());

async function ready(): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${chaos.url}/ready`);
  await conform("get", "/ready", response);
  expect(response.headers.get("cache-control")).toBe("no-store");
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
const linesOf = (event: string) =>
  chaos.logs
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => line.event === event);

test("accounts that never had a success are counted, and named in the log alone", async () => {
  const { status, body } = await ready();
  expect(status).toBe(503);
  expect(body).toEqual({ status: "stale", accounts: 2, version: expect.any(String) });
  expect(linesOf("not_ready").map(({ account }) => account)).toEqual(["default", "acme"]);
  expect(chaos.zoo.balanceRequests).toEqual([]);
});

test("within 10 s an isolate answers what it found, and writes no further line", async () => {
  await Promise.all(Array.from({ length: 20 }, ready));
  expect(linesOf("not_ready")).toHaveLength(2);
});

test("with a success of each it is ready, until READY_SECONDS have passed without another", async () => {
  await chaos.balance("default");
  expect((await ready()).body).toMatchObject({ accounts: 2 });
  await chaos.move(10_000);
  expect((await ready()).body).toMatchObject({ accounts: 1 });
  await chaos.balance("acme");
  await chaos.move(10_000);
  expect(await ready()).toEqual({
    status: 200,
    body: { status: "ready", version: expect.any(String) },
  });
  await chaos.move(1_790_000);
  expect((await ready()).body).toMatchObject({ status: "stale", accounts: 1 });
});

test("another isolate's success counts, by KV or by the object", async () => {
  chaos.zoo.balanceRequests.length = 0;
  await chaos.restart("acme");
  await chaos.balance("default");
  await chaos.balance("acme");
  const calls = chaos.zoo.balanceRequests.length;
  await chaos.move(20_000);
  expect((await ready()).status).toBe(200);
  expect(chaos.zoo.balanceRequests).toHaveLength(calls);
});

test("HEAD answers like GET without a body, other methods get 405, and the version is in /health and every line", async () => {
  const head = await fetch(`${chaos.url}/ready`, { method: "HEAD" });
  expect(head.status).toBe(200);
  expect((await fetch(`${chaos.url}/ready`, { method: "POST" })).status).toBe(405);
  const health = (await (await fetch(`${chaos.url}/health`)).json()) as Record<string, unknown>;
  expect(health).toEqual({ status: "ok", version: expect.any(String) });
  const lines = chaos.logs.filter((line) => line.startsWith("{"));
  for (const line of lines) expect(JSON.parse(line).version, line).toBe(health.version);
});
