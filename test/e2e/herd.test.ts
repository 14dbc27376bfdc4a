import { request } from "node:http";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { viewOf } from "./view.ts";
import { accountVars, callerOf, type StartedWorker, startWorker } from "./worker.ts";

const HERD = 200;

let worker: StartedWorker;
beforeAll(async () => {
  worker = await startWorker((zoo) =>
    accountVars(zoo, { cold: "user", forced: "user", left: "user", abandoned: "user" }),
  );
});
afterAll(() => worker.close());
beforeEach(() => {
  worker.zoo.reset();
});

/** As many users of one account. */
function herd(account: string): Promise<string[]> {
  const sign = (_: unknown, n: number) => worker.zoo.signToken({ account, sub: `user-${n}` });
  return Promise.all(Array.from({ length: HERD }, sign));
}

async function askAll(tokens: string[], headers: Record<string, string> = {}): Promise<number[]> {
  const answers = await Promise.all(
    tokens.map((token) => worker.balance({ authorization: `Bearer ${token}`, ...headers })),
  );
  const views = await Promise.all(answers.map(viewOf));
  expect(new Set(views.map((view) => view.available))).toEqual(new Set(["37.3583"]));
  return answers.map(({ status }) => status);
}

test("a herd on a cold cache costs one upstream request", async () => {
  const statuses = await askAll(await herd("cold"));
  expect(statuses).toEqual(Array.from({ length: HERD }, () => 200));
  expect(worker.zoo.balanceRequests).toHaveLength(1);
});

test("a herd that pulls to refresh within MIN_REFRESH_SECONDS costs none", async () => {
  const tokens = await herd("forced");
  await viewOf(await worker.balance({ authorization: `Bearer ${tokens[0]}` }));
  worker.zoo.reset();
  await askAll(tokens, { "cache-control": "no-cache" });
  expect(worker.zoo.balanceRequests).toHaveLength(0);
});

/** A caller on a connection of its own, which it breaks at `leave()`. */
function impatientCaller(headers: { authorization: string }) {
  const caller = request(`${worker.url}/v1/balance`, { headers, agent: false });
  const closed = new Promise<void>((resolve) => caller.once("close", resolve));
  caller.on("error", () => undefined);
  caller.end();
  return {
    async leave() {
      caller.destroy();
      await closed;
    },
  };
}

test("a refresh goes on for the others when the caller who started it leaves", async () => {
  const { zoo } = worker;
  const headers = await callerOf(zoo, "left");
  zoo.setFault({ kind: "hold" });
  const arrived = zoo.waitForBalanceRequest();
  const first = impatientCaller(headers);
  await arrived;
  const others = Array.from({ length: 20 }, () => worker.balance(headers));
  await first.leave();
  // Answered by the Worker after the disconnection, hence also after it was noticed.
  await fetch(`${worker.url}/health`);
  const late = Array.from({ length: 20 }, () => worker.balance(headers));
  zoo.release();
  for (const answer of await Promise.all([...others, ...late])) {
    expect((await viewOf(answer)).available).toBe("37.3583");
  }
  expect(zoo.balanceRequests).toHaveLength(1);
});

test("a refresh completes for the next caller when everyone leaves", async () => {
  const { zoo } = worker;
  const headers = await callerOf(zoo, "abandoned");
  zoo.setFault({ kind: "hold" });
  const arrived = zoo.waitForBalanceRequest();
  const callers = [1, 2, 3].map(() => impatientCaller(headers));
  await arrived;
  await Promise.all(callers.map((caller) => caller.leave()));
  await fetch(`${worker.url}/health`);
  zoo.release();
  await expect.poll(() => zoo.balanceRequests[0]?.status).toBe(200);
  zoo.setFault({ kind: "status", status: 500 });
  expect(await viewOf(await worker.balance(headers))).toMatchObject({
    available: "37.3583",
    stale: false,
  });
  expect(zoo.balanceRequests).toHaveLength(1);
});
