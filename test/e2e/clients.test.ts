/** Clients generated from the document and from the app's types, against the started Worker. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { byHono, byOpenApiFetch } from "../clients/typed.ts";
import { type StartedWorker, startWorker } from "./worker.ts";

let worker: StartedWorker;
beforeAll(async () => {
  worker = await startWorker();
});
afterAll(() => worker.close());

const SHOWN = {
  available: "37.3583",
  allowance: "20.00",
  units: 1501,
  plan: "Pro",
  stale: false,
};

describe("a client made with openapi-fetch", () => {
  test("reads a balance", async () => {
    expect(await byOpenApiFetch(worker.url, worker.token)).toEqual(SHOWN);
  });
  test("reads a problem", async () => {
    expect(await byOpenApiFetch(worker.url, "x")).toMatchObject({ code: "invalid_credentials" });
  });
});

describe("a client made with hc", () => {
  test("reads a balance", async () => {
    expect(await byHono(worker.url, worker.token)).toEqual(SHOWN);
  });
  test("reads a problem", async () => {
    expect(await byHono(worker.url, "x")).toBe(401);
  });
});
