/**
 * The fault matrix: what is wrong upstream × how old the stored value is × what KV does × what the Durable
 * Object does. Each cell is an account of its own; its answers are compared with the model in `faults.ts`.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { LONG } from "../long.ts";
import { PAYMENT_SECRET } from "../zoo/bodies.ts";
import { startZoo, type Zoo } from "../zoo/server.ts";
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
  REFUSED,
  STATES,
  STORED,
  UPSTREAM_FAULTS,
} from "./faults.ts";
import { textOf } from "./files.ts";
import { type Refusing, startRefusing } from "./refusing.ts";

const AT_ONCE = 64;
/** For what comes by itself. */
const PATIENCE = { timeout: 60_000, interval: 20 };
const AGES_MS = { fresh: 10_000, revalidating: 90_000, stale: 7_200_000, expired: 90_000_000 };
const DURATIONS = {
  FRESH_SECONDS: "60",
  REVALIDATE_SECONDS: "3600",
  ZOO_TIMEOUT_MS: "4000",
  STALE_WAIT_MS: "2500",
  // A hedged read knows more of the last failure than the model; it has tests of its own.
  HEDGE_MS: "0",
};

/** The Worker's own, for a read of KV. */
const KV_DEADLINE_MS = 500;
/**
 * What runs out in cells where something never answers, and how soon: who waits for a stale value gives up
 * before the call to Zoo does. All other deadlines stay out of reach.
 */
const SOON = {
  kv: { [KV_DEADLINE_MS]: 20 },
  zoo: { [DURATIONS.STALE_WAIT_MS]: 20, [DURATIONS.ZOO_TIMEOUT_MS]: 1_000 },
};
/** Past whatever an isolate remembers for some seconds, and far from the next attempt. */
const BETWEEN_ANSWERS_MS = 10_000;

const FAULTS = [...UPSTREAM_FAULTS, REFUSED];
/** In the short form these stand for the others where it is KV or the object that is in trouble. */
const TYPICAL = new Set(["none", "500", "401", "garbage", "hang before headers"]);

type Numbered = Cell & { readonly account: string };

const cells: Numbered[] = [];
for (const upstream of FAULTS) {
  for (const state of STATES) {
    for (const kv of KV_STATES) {
      for (const object of OBJECT_STATES) {
        const plain = kv === "up" && object === "up";
        if (!LONG && !plain && !TYPICAL.has(upstream.name)) continue;
        cells.push({ upstream, state, kv, object, account: `cell-${cells.length}` });
      }
    }
  }
}
const refused = cells.filter(({ upstream }) => upstream === REFUSED);
const others = cells.filter(({ upstream }) => upstream !== REFUSED);

const secretOf = ({ upstream }: Cell) => `FAULT_${FAULTS.indexOf(upstream)}`;
const tokenOf = (secret: string) => `canary-zoo-token-${secret}`;
const bearerOf = (cell: Cell) => `Bearer ${tokenOf(secretOf(cell))}`;
const SECRETS = Object.fromEntries(
  FAULTS.map((_, n) => [`FAULT_${n}`, tokenOf(`FAULT_${n}`)] as const),
);

let zoo: Zoo;
let storage: string;
let refusing: Refusing;
/** What the Workers' clocks show, or a little less. */
let now: number;
const chaos: Record<"others" | "refused", Chaos | undefined> = {
  others: undefined,
  refused: undefined,
};
beforeAll(async () => {
  zoo = await startZoo();
  storage = await mkdtemp(join(tmpdir(), "zoo-balance-faults-"));
  for (const upstream of FAULTS) {
    const secret = secretOf({ upstream } as Cell);
    zoo.setFault(upstream.fault, tokenOf(secret));
  }
  refusing = await startRefusing(zoo);
  const start = (of: readonly Numbered[], vars: Record<string, string>) =>
    startChaos({
      zoo,
      storage: join(storage, `${of.length}`),
      vars: { ...SECRETS, ...DURATIONS, ...vars },
      accounts: Object.fromEntries(of.map((cell) => [cell.account, secretOf(cell)])),
    });
  chaos.others = await start(others, {});
  chaos.refused = await start(refused, { ZOO_API_URL: refusing.url });
  now = Date.now();
  await chaos.others.freeze();
  await chaos.refused.freeze();
});
afterAll(async () => {
  await chaos.others?.[Symbol.asyncDispose]();
  await chaos.refused?.[Symbol.asyncDispose]();
  refusing.close();
  await zoo.close();
  await rm(storage, { recursive: true, force: true });
});

async function moveAll(ms: number): Promise<void> {
  await chaos.others?.move(ms);
  await chaos.refused?.move(ms);
  now += ms;
}

function workerOf(cell: Cell): Chaos {
  const worker = cell.upstream === REFUSED ? chaos.refused : chaos.others;
  if (worker === undefined) throw new Error("not started");
  return worker;
}

/** Stores what the cell begins with, in the object and in KV, as they store it themselves. */
async function prepare(cell: Numbered): Promise<void> {
  const { kv, seed, zooUrl } = workerOf(cell);
  const source = `${zooUrl} user ${secretOf(cell)}`;
  const recordOf = (account: string, fetched_at: number) => ({
    v: 1,
    account,
    source,
    fetched_at,
    balance: {
      available: STORED,
      monthly: { remaining: "1.00", allowance: null, units: null, refreshes_at: null },
      prepaid: { remaining: "2.00", units: null, cash: null },
      total_due: null,
      plan: null,
      updated_at: "2026-11-20T18:22:41Z",
    },
  });
  const { account, state } = cell;
  const record = state === "none" ? null : recordOf(account, now - AGES_MS[state]);
  // As in a long outage: the attempt after the next failure is most of a minute away.
  const failure = { reason: "upstream_unavailable", at: now - 2, retry_at: now - 1, count: 9 };
  await seed(account, { v: 1, source, record, failure, attempted_at: now - 100_000 });

  const key = `balance:${account}`;
  if (cell.kv === "slow" || cell.kv === "failing") kv.trouble.set(key, cell.kv);
  const copies = {
    "foreign value": recordOf("somebody-else", now),
    "older value": { ...recordOf(account, now), v: 0 },
    up: record,
    slow: record,
    failing: record,
  };
  const copy = copies[cell.kv];
  if (copy !== null) kv.values.set(key, JSON.stringify(copy));
}

const answers: string[] = [];

async function ask(cell: Numbered): Promise<Expected> {
  const headers = { "x-chaos-object": cell.object === "restarted" ? "up" : cell.object };
  const answer = await workerOf(cell).balance(cell.account, headers);
  const text = await answer.text();
  answers.push(`${JSON.stringify([...answer.headers])} ${text}`);
  const body = JSON.parse(text) as Record<string, string>;
  if (answer.status !== 200) {
    expect(answer.headers.get("retry-after"), text).toMatch(/^[1-9]\d*$/);
    return { code: `${body.code}` };
  }
  const date = Date.parse(answer.headers.get("date") ?? "");
  const seconds = (date - Date.parse(`${body.as_of}`)) / 1_000;
  expect(answer.headers.get("age")).toBe(`${seconds}`);
  expect(Boolean(body.stale)).toBe(body.stale_reason !== null);
  return { available: `${body.available}`, stale_reason: body.stale_reason ?? null };
}

const same = (a: Expected, b: Expected) => JSON.stringify(a) === JSON.stringify(b);

async function askUntilKnown(cell: Numbered): Promise<Expected> {
  const lagging = firstAnswer(cell);
  let seen = await ask(cell);
  if (same(lagging, nextAnswer(cell))) return seen;
  const changed = async () => {
    seen = await ask(cell);
    return !same(seen, lagging);
  };
  // One that never changes is a difference like any other.
  if (same(seen, lagging)) await vi.waitUntil(changed, PATIENCE).catch(() => undefined);
  return seen;
}

/** What runs out in a cell. */
const deadlinesOf = ({ kv, upstream }: Cell) => ({
  ...(kv === "slow" ? SOON.kv : {}),
  ...(upstream.late === true ? SOON.zoo : {}),
});
const together = (some: readonly Numbered[]) =>
  Map.groupBy(some, (cell) => JSON.stringify(deadlinesOf(cell))).values();

/** So many at a time. @returns every difference from the model */
async function compare(
  some: readonly Numbered[],
  model: (cell: Cell) => Expected,
  answerOf: (cell: Numbered) => Promise<Expected>,
): Promise<string[]> {
  const differences: string[] = [];
  const rest = [...some];
  const work = async () => {
    for (let cell = rest.shift(); cell !== undefined; cell = rest.shift()) {
      const seen = await answerOf(cell);
      if (same(seen, model(cell))) continue;
      const { upstream, state, kv, object } = cell;
      const name = `Zoo: ${upstream.name} / value: ${state} / KV: ${kv} / object: ${object}`;
      differences.push(`${name}: ${JSON.stringify(seen)} for ${JSON.stringify(model(cell))}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return differences;
}

const refreshes = (worker: Chaos) =>
  worker.logs.filter((line) => /"event":"(refreshed|refresh_failed)"/.test(line)).length;

/** What the contract promises, of cells that share a Worker and what runs out. */
async function check(some: readonly Numbered[]): Promise<void> {
  const [one] = some;
  if (one === undefined) return;
  const worker = workerOf(one);
  const calls = refreshes(worker) + some.filter(callsZoo).length;
  for (const cell of some) await prepare(cell);
  await worker.onlyDeadlines(deadlinesOf(one));
  expect(await compare(some, firstAnswer, ask)).toEqual([]);
  await expect.poll(() => refreshes(worker), PATIENCE).toBe(calls);
  await moveAll(BETWEEN_ANSWERS_MS);
  for (const { object, account } of some) if (object === "restarted") await worker.restart(account);
  const next = (cell: Numbered) => (mayLag(cell) ? askUntilKnown(cell) : ask(cell));
  expect(await compare(some, nextAnswer, next)).toEqual([]);
  expect(refreshes(worker)).toBe(calls);
}

describe(`the fault matrix, ${cells.length} cells`, { timeout: 600_000 }, () => {
  test("every answer is the contract's where Zoo answers, hangs or breaks off", async () => {
    for (const some of together(others)) await check(some);
    const calls = others.filter(callsZoo);
    const late = new Set(calls.filter(({ upstream }) => upstream.late).map(bearerOf));
    const answered = zoo.balanceRequests.filter(
      ({ headers }) => !late.has(headers.authorization ?? ""),
    );
    expect(answered).toHaveLength(calls.filter(({ upstream }) => !upstream.late).length);
    // On a busy machine the deadline may run out before the call gets there.
    expect(zoo.balanceRequests.length).toBeLessThanOrEqual(calls.length);
    expect(zoo.leaked).toBe(false);
    console.log(`fault matrix: ${cells.length} cells`);
  });

  test("every answer is the contract's where Zoo refuses connections", async () => {
    for (const some of together(refused)) await check(some);
  });

  test("no fault brings a secret into an answer, a log line, a metric or a stored value", async () => {
    const workers = [workerOf({ upstream: REFUSED } as Cell), workerOf(others[0] as Cell)];
    for (const worker of workers) await worker.kill();
    const onDisk = await textOf(storage);
    expect(onDisk.paths.length).toBeGreaterThan(cells.length);
    expect(onDisk.text).toContain("37.3583");
    const lines = workers.flatMap(({ logs }) => logs).join("\n");
    const stored = workers.flatMap(({ kv }) => [...kv.values].flat()).join("\n");
    for (const text of [answers.join("\n"), lines, stored, onDisk.text]) {
      for (const secret of [PAYMENT_SECRET, "canary-zoo-token", zoo.token]) {
        expect(text).not.toContain(secret);
      }
    }
    expect(lines).toContain("metric ");
    expect(lines).not.toContain("37.3583");
    expect(lines).not.toContain('"internal"');
    expect(answers.join("\n")).not.toContain('"internal"');
  });
});
