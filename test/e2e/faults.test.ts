/**
 * The fault matrix: what is wrong upstream × how old the stored value is × what KV does × what the Durable
 * Object does. Each cell is an account of its own; its answers are compared with the model in `faults.ts`.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PAYMENT_SECRET } from "../zoo/bodies.ts";
import { type Chaos, startChaos } from "./chaos.ts";
import {
  type Cell,
  callsZoo,
  type Expected,
  firstAnswer,
  KV_STATES,
  mayLag,
  nextAnswer,
  OBJECT_STATES,
  STATES,
  STORED,
  UPSTREAM_FAULTS,
} from "./faults.ts";

const LONG = process.env.SOAK !== undefined;
const AT_ONCE = 64;

const FRESH_SECONDS = 60;
const AGES_MS = { fresh: 10_000, revalidating: 90_000, stale: 600_000, expired: 90_000_000 };

/** In the short form these stand for the others where it is KV or the object that is in trouble. */
const TYPICAL = new Set(["none", "500", "401", "garbage", "hang before headers"]);

const cells: Cell[] = [];
for (const upstream of UPSTREAM_FAULTS) {
  for (const state of STATES) {
    for (const kv of KV_STATES) {
      for (const object of OBJECT_STATES) {
        const plain = kv === "up" && object === "up";
        if (LONG || plain || TYPICAL.has(upstream.name))
          cells.push({ upstream, state, kv, object });
      }
    }
  }
}

const nameOf = (n: number) => `cell-${n}`;
const tokenOf = (cell: Cell) => `FAULT_${UPSTREAM_FAULTS.indexOf(cell.upstream)}`;
const shown = ({ upstream, state, kv, object }: Cell) =>
  `Zoo: ${upstream.name} / value: ${state} / KV: ${kv} / object: ${object}`;

let chaos: Chaos;
beforeAll(async () => {
  const tokens = UPSTREAM_FAULTS.map((_, n) => [`FAULT_${n}`, `canary-zoo-token-${n}`] as const);
  chaos = await startChaos({
    vars: {
      ...Object.fromEntries(tokens),
      FRESH_SECONDS: `${FRESH_SECONDS}`,
      ZOO_TIMEOUT_MS: "4000",
      STALE_WAIT_MS: "2000",
    },
    accounts: Object.fromEntries(cells.map((cell, n) => [nameOf(n), tokenOf(cell)])),
  });
  for (const [n, [, token]] of tokens.entries()) {
    chaos.zoo.setFault(UPSTREAM_FAULTS[n]?.fault ?? null, token);
  }
});
afterAll(() => chaos[Symbol.asyncDispose]());

/** Stores what the cell begins with, in the object and in KV, as they store it themselves. */
async function prepare(cell: Cell, n: number): Promise<void> {
  const { zoo, kv } = chaos;
  const source = `${zoo.url} user ${tokenOf(cell)}`;
  const now = Date.now();
  const record = cell.state === "none" ? null : recordOf(n, source, now - AGES_MS[cell.state]);
  // As in a long outage: the attempt after the next failure is most of a minute away.
  const failure = { reason: "upstream_unavailable", at: now - 2, retry_at: now - 1, count: 9 };
  await chaos.seed(nameOf(n), { v: 1, source, record, failure, attempted_at: now - 100_000 });
  const key = `balance:${nameOf(n)}`;
  switch (cell.kv) {
    case "up":
      if (record !== null) kv.values.set(key, JSON.stringify(record));
      break;
    case "foreign value":
      kv.values.set(key, JSON.stringify(recordOf(n + 1, source, now)));
      break;
    case "older value":
      kv.values.set(key, JSON.stringify({ ...recordOf(n, source, now), v: 0 }));
      break;
    case "slow":
    case "failing":
      if (record !== null) kv.values.set(key, JSON.stringify(record));
      kv.trouble.set(key, cell.kv);
      break;
  }
}

function recordOf(n: number, source: string, fetched_at: number) {
  const balance = {
    available: STORED,
    monthly: { remaining: "1.00", allowance: null, units: null, refreshes_at: null },
    prepaid: { remaining: "2.00", units: null, cash: null },
    total_due: null,
    plan: null,
    updated_at: "2026-11-20T18:22:41Z",
  };
  return { v: 1, account: nameOf(n), source, fetched_at, balance };
}

const answers: string[] = [];

async function ask(cell: Cell, n: number): Promise<Expected> {
  const headers = { "x-chaos-object": cell.object === "restarted" ? "up" : cell.object };
  const answer = await chaos.balance(nameOf(n), headers);
  const text = await answer.text();
  answers.push(`${JSON.stringify([...answer.headers])} ${text}`);
  const body = JSON.parse(text) as Record<string, string>;
  if (answer.status !== 200) {
    expect(answer.headers.get("retry-after"), text).toMatch(/^[1-9]\d*$/);
    return { code: `${body.code}` };
  }
  const seconds =
    (Date.parse(answer.headers.get("date") ?? "") - Date.parse(`${body.as_of}`)) / 1_000;
  expect(answer.headers.get("age")).toBe(`${seconds}`);
  expect(Boolean(body.stale)).toBe(body.stale_reason !== null);
  return { available: `${body.available}`, stale_reason: body.stale_reason ?? null };
}

/** So many at a time, and every difference from the model at the end. */
async function compare(
  model: (cell: Cell) => Expected,
  lags: (cell: Cell) => boolean = () => false,
): Promise<string[]> {
  const isFirst = (seen: Expected, cell: Cell) =>
    JSON.stringify(seen) === JSON.stringify(firstAnswer(cell)) &&
    JSON.stringify(seen) !== JSON.stringify(model(cell));

  const differences: string[] = [];
  const rest = [...cells.entries()];
  const work = async () => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
      const [n, cell] = next;
      const expected = model(cell);
      let seen = await ask(cell, n);
      for (let again = 0; lags(cell) && again < 50 && isFirst(seen, cell); again++) {
        await sleep(20);
        seen = await ask(cell, n);
      }
      if (JSON.stringify(seen) !== JSON.stringify(expected)) {
        differences.push(
          `${shown(cell)}: ${JSON.stringify(seen)} instead of ${JSON.stringify(expected)}`,
        );
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return differences;
}

const refreshes = () =>
  chaos.logs.filter((line) => /"event":"(refreshed|refresh_failed)"/.test(line)).length;

describe(`${cells.length} cells`, { timeout: 600_000 }, () => {
  test("the first answer", async () => {
    for (const [n, cell] of cells.entries()) await prepare(cell, n);
    expect(await compare(firstAnswer)).toEqual([]);
    console.log(`fault matrix: ${cells.length} cells`);
  });

  test("the next one, when the refreshes have ended", async () => {
    const calls = cells.filter(callsZoo).length;
    await expect.poll(refreshes, { timeout: 30_000 }).toBe(calls);
    for (const [n, cell] of cells.entries()) {
      if (cell.object === "restarted") await chaos.restart(nameOf(n));
    }
    expect(await compare(nextAnswer, mayLag)).toEqual([]);
    expect(refreshes()).toBe(calls);
    expect(chaos.zoo.balanceRequests).toHaveLength(calls);
    expect(chaos.zoo.leaked).toBe(false);
  });

  test("no secret in any answer, log line, metric or stored value", async () => {
    const stored = [...chaos.kv.values].flat().join("\n");
    for (const text of [answers.join("\n"), chaos.logs.join("\n"), stored]) {
      expect(text).not.toContain(PAYMENT_SECRET);
      expect(text).not.toContain("canary-zoo-token");
      expect(text).not.toContain(chaos.zoo.token);
    }
    const lines = chaos.logs.join("\n");
    expect(lines).toContain("metric ");
    expect(lines).not.toContain("37.3583");
    expect(lines).not.toContain('"internal"');
    expect(answers.join("\n")).not.toContain('"internal"');
  });
});
