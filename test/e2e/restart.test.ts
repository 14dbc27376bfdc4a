/** Power cuts in the middle of a refresh, on the same storage: nothing torn, nothing that was answered lost. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seedOf } from "../long.ts";
import { startZoo, type Zoo } from "../zoo/server.ts";
import { type Chaos, type OutsideKv, startChaos, startKv } from "./chaos.ts";
import { viewOf } from "./view.ts";

const RESTARTS = 100;
const SEED = seedOf(20_261_124);
/** As long as a refresh takes, and a little longer. */
const LATEST_MS = 12;
/** Past freshness and revalidation, and past any backoff. */
const ROUND_MS = 200_000;

let zoo: Zoo;
let kv: OutsideKv;
let storage: string;
let chaos: Chaos;
beforeAll(async () => {
  zoo = await startZoo();
  kv = await startKv();
  storage = await mkdtemp(join(tmpdir(), "zoo-balance-restart-"));
  chaos = await startChaos({ accounts: {}, zoo, kv, storage });
});
afterAll(async () => {
  await chaos[Symbol.asyncDispose]();
  await kv[Symbol.asyncDispose]();
  await zoo.close();
  await rm(storage, { recursive: true, force: true });
});

const cents = (n: number) => `${Math.floor(n / 100)}.${`${n % 100}`.padStart(2, "0")}`;

/** A balance that shows in each of its parts which round it is of. */
function bodyOf(round: number): string {
  return JSON.stringify({
    monthly_api_credits_remaining_monetary_value: cents(round),
    stable_api_credits_remaining_monetary_value: cents(2 * round),
    updated_at: new Date(round * 1_000).toISOString(),
  });
}

/** The round that a whole value is of. */
async function roundOf(answer: Response): Promise<number> {
  const view = (await viewOf(answer)) as unknown as {
    available: string;
    monthly: { remaining: string };
    prepaid: { remaining: string };
    updated_at: string;
  };
  const round = Date.parse(view.updated_at) / 1_000;
  expect(view.monthly.remaining).toBe(cents(round));
  expect(view.prepaid.remaining).toBe(cents(2 * round));
  expect(view.available).toBe(cents(3 * round));
  return round;
}

test(`a value survives ${RESTARTS} restarts at random points of its refresh (seed ${SEED})`, async () => {
  const delays = fc.sample(fc.integer({ min: 0, max: LATEST_MS * 10 }), {
    numRuns: RESTARTS,
    seed: SEED,
  });
  zoo.setBody(bodyOf(1));
  expect(await roundOf(await chaos.balance("default"))).toBe(1);
  let last = 1;
  const met = { before: 0, during: 0, after: 0 };
  for (const [n, tenths] of delays.entries()) {
    const round = n + 2;
    // The copy in KV must not be what saves the value, nor what spoils it.
    if (n % 2 === 0) kv.trouble.set("balance:default", "failing");
    else kv.trouble.clear();
    zoo.reset();
    zoo.setBody(bodyOf(round));
    await chaos.move(ROUND_MS);
    let answered: number | null = null;
    const arrived = zoo.waitForBalanceRequest();
    const asked = chaos
      .balance("default")
      .then(roundOf)
      .then((seen) => {
        answered = seen;
      })
      .catch(() => undefined);
    // Counted from the caller's request, or from the one that it makes to Zoo.
    if (n % 4 >= 2) await arrived;
    await sleep(tenths / 10);
    await chaos.kill();
    await asked;
    await chaos[Symbol.asyncDispose]();
    const [call] = zoo.balanceRequests;
    met[call === undefined ? "before" : answered === null ? "during" : "after"] += 1;

    chaos = await startChaos({ accounts: {}, zoo, kv, storage });
    await chaos.move(round * ROUND_MS);
    zoo.setFault({ kind: "status", status: 500 });
    const found = await roundOf(await chaos.balance("default"));
    expect([last, round]).toContain(found);
    if (answered !== null) expect(found).toBe(answered);
    last = found;
  }
  console.log(`restarts: ${RESTARTS}, before / during / after the call: ${Object.values(met)}`);
  expect(met.during).toBeGreaterThan(0);
});
