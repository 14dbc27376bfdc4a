import { createExecutionContext, reset, waitOnExecutionContext } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import { app } from "../../src/app.ts";
import { newApiKey } from "../../src/callers/api-key/format.ts";
import { sha256Hex } from "../../src/lib/digest.ts";
import { VERSION } from "../../src/lib/version.ts";
import { apiKeyRecord } from "../api-key-record.ts";
import { balanceBody } from "../zoo/bodies.ts";
import { askWorker } from "./ask.ts";
import { env } from "./support.ts";

vi.spyOn(console, "warn").mockReturnValue();

async function pointOf(
  path: string,
  METRICS: unknown,
  vars: object = {},
  authorization = "Bearer x",
) {
  const context = createExecutionContext();
  const request = new Request(`https://proxy.example${path}`, {
    headers: { authorization },
  });
  const response = await app.fetch(request, { ...env, ...vars, METRICS }, context);
  await waitOnExecutionContext(context);
  return response;
}

/** An API key beside which nothing is stored, so that its first request is a miss; Zoo is well. */
async function onlyKey(): Promise<string> {
  vi.spyOn(globalThis, "fetch").mockImplementation(async () =>
    Response.json(balanceBody("2026-08")),
  );
  vi.spyOn(console, "info").mockReturnValue();
  await reset();
  const key = await newApiKey();
  await env.API_KEYS.put(await sha256Hex(key), JSON.stringify(apiKeyRecord()));
  return key;
}

test("every request writes one data point with its blobs and doubles in the documented order", async () => {
  const writeDataPoint = vi.fn();
  await pointOf("/v1/balance", { writeDataPoint });
  await pointOf("/health", { writeDataPoint });
  expect(writeDataPoint.mock.calls).toEqual([
    [
      {
        indexes: [""],
        blobs: ["/v1/balance", "invalid_credentials", "", "", "malformed", "", VERSION, ""],
        doubles: [401, expect.any(Number), -1, 1],
      },
    ],
    [
      {
        indexes: [""],
        blobs: ["/health", "", "", "", "", "", VERSION, ""],
        doubles: [200, expect.any(Number), -1, 1],
      },
    ],
  ]);
});

test("a failed attestation is in the data point even in mode observe", async () => {
  const key = await onlyKey();
  const writeDataPoint = vi.fn();
  const APP_CHECK = { project_number: "1", app_ids: ["a"], mode: "observe" };
  const METRICS = { writeDataPoint };
  const { status } = await pointOf("/v1/balance", METRICS, { APP_CHECK }, `Bearer ${key}`);
  expect(status).toBe(200);
  expect(writeDataPoint.mock.calls[0]?.[0].blobs).toEqual([
    "/v1/balance",
    "",
    "miss",
    "default",
    "",
    "missing",
    VERSION,
    expect.stringMatching(/^[0-9a-f]{16}$/),
  ]);
});

test("a failing or missing metrics binding does not fail the request", async () => {
  const writeDataPoint = () => {
    throw new Error("boom");
  };
  expect((await pointOf("/health", { writeDataPoint })).status).toBe(200);
  expect((await pointOf("/health", undefined)).status).toBe(200);
});

test("of METRICS_SAMPLE cached hits one is counted, with that weight, and everything else always", async () => {
  const key = await onlyKey();
  const writeDataPoint = vi.fn();
  const sampled = { ...env, METRICS: { writeDataPoint }, METRICS_SAMPLE: 4 };
  const ask = (authorization: string, method = "GET") =>
    askWorker(sampled as unknown as typeof env, { authorization }, { method });
  const random = vi.spyOn(Math, "random").mockReturnValue(0.25);
  await ask(`Bearer ${key}`);
  await ask("Bearer x");
  const cacheAndWeight = () =>
    writeDataPoint.mock.calls.map(([{ blobs, doubles }]) => [blobs[2], doubles[0], doubles[3]]);
  const always = [
    ["miss", 200, 1],
    ["", 401, 1],
  ];
  expect(cacheAndWeight()).toEqual(always);
  // By the fast path, and by the app, which answers HEAD.
  for (const method of ["GET", "HEAD"]) await ask(`Bearer ${key}`, method);
  expect(cacheAndWeight()).toEqual(always);
  random.mockReturnValue(0.249);
  for (const method of ["GET", "HEAD"]) await ask(`Bearer ${key}`, method);
  expect(cacheAndWeight()).toEqual([...always, ["memory", 200, 4], ["memory", 200, 4]]);
  random.mockRestore();
});
