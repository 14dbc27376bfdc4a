/** What the table cannot show of the TypeScript client: sharing, storage that fails, the pace's jitter. */
import { createServer, type RequestListener } from "node:http";
import { setImmediate } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { BalanceClient, memoryStore, type Store } from "../../../src/clients/typescript/client.ts";
import { waitSeconds } from "../../../src/clients/typescript/pace.ts";
import { listen } from "../../listen.ts";

const BODY = JSON.stringify({ status: "ok", available: "10.50", stale: false });
const closings: (() => void)[] = [];
afterEach(() => {
  for (const close of closings.splice(0)) close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  closings.push(() => server.close().closeAllConnections());
  return listen(server);
}

const clientOf = (baseUrl: string, store: Store = memoryStore()) =>
  new BalanceClient({ baseUrl, owner: "user-1", store, credential: async () => "credential" });

/** A server whose answers wait to be let go. */
async function serveHeld() {
  const arrival = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  let requests = 0;
  const url = await serve(async (_, response) => {
    requests++;
    arrival.resolve();
    await release.promise;
    response.setHeader("content-type", "application/json").end(BODY);
  });
  return { url, arrival: arrival.promise, release: release.resolve, requests: () => requests };
}

test("all who refresh at once share one call", async () => {
  const server = await serveHeld();
  const client = clientOf(server.url);
  const readings = Array.from({ length: 20 }, () => client.refresh());
  await server.arrival;
  server.release();
  const amounts = (await Promise.all(readings)).map(({ value }) => value?.available);
  expect(new Set(amounts)).toEqual(new Set(["10.50"]));
  expect(server.requests()).toBe(1);
});

test("a cancelled refresh does not take the call from those who still wait", async () => {
  const server = await serveHeld();
  const client = clientOf(server.url);
  const leaving = new AbortController();
  const left = client.refresh({ signal: leaving.signal });
  const staying = client.refresh();
  await server.arrival;
  leaving.abort(new Error("left"));
  await expect(left).rejects.toThrow("left");
  server.release();
  expect((await staying).value?.status).toBe("ok");
  expect(server.requests()).toBe(1);
});

test("whoever refreshes right after the last one has left gets a call of their own", async () => {
  const server = await serveHeld();
  const client = clientOf(server.url);
  const leaving = new AbortController();
  const left = client.refresh({ signal: leaving.signal });
  await server.arrival;
  leaving.abort();
  const next = client.refresh();
  await expect(left).rejects.toThrow();
  server.release();
  expect((await next).value?.status).toBe("ok");
});

test("a refresh that waits for a call when the user signs out asks nothing", async () => {
  const server = await serveHeld();
  const client = clientOf(server.url);
  const controller = new AbortController();
  const ordinary = client.balances({ signal: controller.signal });
  await ordinary.next();
  const second = ordinary.next();
  await server.arrival;
  const forced = client.refresh();
  await setImmediate(); // It waits for the ordinary call by now
  await client.clear();
  expect((await forced).problem?.code).toBe("signed_out");
  expect((await second).value).toMatchObject({ value: null, problem: { code: "signed_out" } });
  expect((await ordinary.next()).done).toBe(true);
  server.release();
  expect(server.requests()).toBe(1);
});

test("signing out while a screen draws its first reading is told to it", async () => {
  const client = clientOf("http://127.0.0.1:1");
  const readings = client.balances();
  await readings.next();
  await client.clear();
  expect((await readings.next()).value?.problem?.code).toBe("signed_out");
  expect((await readings.next()).done).toBe(true);
});

test("a store that throws costs nothing but the memory over restarts", async () => {
  const fail = () => {
    throw new Error("quota");
  };
  const url = await serve((_, response) => {
    response.setHeader("content-type", "application/json").end(BODY);
  });
  const reading = await clientOf(url, { read: fail, write: fail, clear() {} }).refresh();
  expect(reading).toMatchObject({ value: { available: "10.50" }, problem: null });
});

test("a reading says until when it is not worth asking again", async () => {
  const url = await serve((_, response) => {
    response.writeHead(429, { "retry-after": "30" }).end();
  });
  const clock = { now: () => 0, sleep: () => Promise.resolve() };
  const credential = async () => "credential";
  const options = { baseUrl: url, owner: "user-1", credential, clock, random: () => 0 };
  expect((await new BalanceClient(options).refresh()).due).toBe(30);
});

test("the credential is never stored", async () => {
  const written: string[] = [];
  const store = { ...memoryStore(), write: (_: string, text: string) => void written.push(text) };
  const url = await serve((_, response) => {
    response.setHeader("content-type", "application/json").end(BODY);
  });
  await clientOf(url, store).refresh();
  expect(written).toHaveLength(1);
  expect(written.join()).not.toContain("credential");
});

test("up to a fifth is added to what Retry-After says, never taken off", () => {
  const busy = {
    kind: "problem" as const,
    problem: { code: "rate_limited", retryAfter: 30, requestId: null },
    status: 429,
  };
  expect(waitSeconds(busy, 1, 0)).toBe(30);
  expect(waitSeconds(busy, 9, 1)).toBe(36);
});
