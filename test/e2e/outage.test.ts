import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Fault } from "../zoo/faults.ts";
import { expectProblem } from "./problems.ts";
import { accountVars, callerOf, type StartedWorker, startWorker, viewOf } from "./worker.ts";

interface Case {
  readonly name: string;
  readonly fault: Fault;
  readonly code: "upstream_unavailable" | "upstream_rejected" | "upstream_invalid";
}

const unavailable = (fault: Fault, name: string = fault.kind): Case => ({
  name,
  fault,
  code: "upstream_unavailable",
});
const status = (number: number) => unavailable({ kind: "status", status: number }, `s${number}`);
const invalid = (fault: Fault): Case => ({ name: fault.kind, fault, code: "upstream_invalid" });

const CASES: readonly Case[] = [
  unavailable({ kind: "latency", ms: 5_000 }),
  unavailable({ kind: "hang" }),
  unavailable({ kind: "hang-body" }),
  unavailable({ kind: "hold" }),
  unavailable({ kind: "redirect" }),
  unavailable({ kind: "reset" }),
  unavailable({ kind: "reset-body" }),
  ...[400, 404, 429, 500, 503].map(status),
  { ...status(401), code: "upstream_rejected" },
  { ...status(403), code: "upstream_rejected" },
  invalid({ kind: "garbage" }),
  invalid({ kind: "html" }),
  invalid({ kind: "truncated" }),
  invalid({ kind: "oversize" }),
  invalid({ kind: "empty" }),
];

/** Their callers come for so long that a second attempt falls due. */
const LONGER = new Set(["hang", "s500", "s401", "garbage"]);

/** Each case has an account with a stored value (a user's) and one without (an organisation's). */
const stored = CASES.map(({ name }) => [`${name}-stored`, "user"] as const);
const empty = CASES.map(({ name }) => [`${name}-empty`, "org"] as const);
const others = [["long", "user"] as const, ["asked", "user"] as const];

let worker: StartedWorker;
beforeAll(async () => {
  worker = await startWorker((zoo) => ({
    ...accountVars(zoo, Object.fromEntries([...stored, ...empty, ...others])),
    ZOO_TIMEOUT_MS: 300,
    FRESH_SECONDS: 1,
    REVALIDATE_SECONDS: 1,
    STALE_WAIT_MS: 1_000,
  }));
  for (const [account] of [...stored, ...others]) {
    await viewOf(await worker.balance(await callerOf(worker.zoo, account)));
  }
  // From here on every stored value waits for its refresh.
  await sleep(2_100);
});
afterAll(() => worker.close());

const requestsTo = (subject: "user" | "org") =>
  worker.zoo.balanceRequests.filter(({ path }) => path.startsWith(`/${subject}/`));

/** No two calls to Zoo closer than the backoff: 1 s, 2 s, 4 s… */
function expectBackoff(subject: "user" | "org"): void {
  const stamps = requestsTo(subject).map(({ at }) => at);
  const gaps = stamps.slice(1).map((at, i) => at - (stamps[i] ?? 0));
  // The stamps are of arrival, which may lag a little behind the departure.
  for (const [i, gap] of gaps.entries()) {
    expect(gap, `gaps ${gaps}`).toBeGreaterThanOrEqual(1_000 * 2 ** i - 50);
  }
}

test.each(CASES)("$name: $code, and nobody with a stored value notices", async (outage) => {
  const { name, fault, code } = outage;
  const { zoo } = worker;
  zoo.reset();
  zoo.setFault(fault);
  const withValue = await callerOf(zoo, `${name}-stored`);
  const without = await callerOf(zoo, `${name}-empty`);

  for (let round = 0; round < 10; round++) {
    const ask = (headers: { authorization: string }) =>
      [1, 2, 3].map(() => worker.balance(headers));
    const [served, refused] = await Promise.all([
      Promise.all(ask(withValue)),
      Promise.all(ask(without)),
    ]);
    for (const answer of served) {
      expect(await viewOf(answer)).toMatchObject({
        available: "37.3583",
        stale: true,
        stale_reason: code,
      });
      expect(answer.headers.get("cache-control")).toBe("private, max-age=1");
    }
    for (const answer of refused) {
      await expectProblem(answer, code === "upstream_unavailable" ? 503 : 502, code);
      expect(answer.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
    }
    await sleep(LONGER.has(name) ? 130 : 30);
  }
  expect(zoo.leaked).toBe(false);
  for (const subject of ["user", "org"] as const) {
    expect(requestsTo(subject).length).toBeGreaterThanOrEqual(1);
    expect(requestsTo(subject).length).toBeLessThanOrEqual(2);
    expectBackoff(subject);
  }
});

test("a long outage backs off further and further, then recovers by itself", async () => {
  const { zoo } = worker;
  zoo.reset();
  zoo.setFault({ kind: "status", status: 503 });
  const headers = await callerOf(zoo, "long");
  const attempts = async () => {
    const view = await viewOf(await worker.balance(headers));
    expect(view).toMatchObject({ stale: true, stale_reason: "upstream_unavailable" });
    return requestsTo("user").length;
  };
  await expect.poll(attempts, { timeout: 10_000, interval: 50 }).toBe(3);
  expectBackoff("user");

  zoo.setFault(null);
  zoo.setGeneration("documented");
  const available = async () => (await viewOf(await worker.balance(headers))).available;
  await expect.poll(available, { timeout: 10_000, interval: 50 }).toBe("146.72");
  expect(await viewOf(await worker.balance(headers))).toMatchObject({ stale_reason: null });
  expect(requestsTo("user")).toHaveLength(4);
  expectBackoff("user");
});

test("Retry-After is respected", async () => {
  const { zoo } = worker;
  zoo.reset();
  zoo.setFault({ kind: "status", status: 429, headers: { "retry-after": "3" } });
  const headers = await callerOf(zoo, "asked");
  const attempts = async () => {
    await viewOf(await worker.balance(headers));
    return requestsTo("user").length;
  };
  await expect.poll(attempts, { timeout: 10_000, interval: 50 }).toBe(2);
  const [first, second] = requestsTo("user");
  expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(2_950);
});
