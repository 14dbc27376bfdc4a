/** An outage of half a day, with the Worker's clock moved forward: what callers see, what Zoo sees, and the end of it. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { LONG } from "../long.ts";
import { type Chaos, startChaos } from "./chaos.ts";
import { type SeenView, viewOf } from "./view.ts";

const HOURS = 12;
/** A caller comes so often. */
const STEP_MS = LONG ? 5_000 : 30_000;
const STEPS = (HOURS * 3_600_000) / STEP_MS;
const CEILING_MS = 60_000;

let chaos: Chaos;
beforeAll(async () => {
  chaos = await startChaos({ accounts: {} });
});
afterAll(() => chaos[Symbol.asyncDispose]());

async function ask(): Promise<{ view: SeenView; age: number; date: number }> {
  const answer = await chaos.balance("default");
  const view = await viewOf(answer.clone());
  const { headers } = answer;
  return {
    view,
    age: Number(headers.get("age")),
    date: Date.parse(headers.get("date") ?? "") / 1_000,
  };
}

test(`while Zoo is down for ${HOURS} hours, a caller every ${STEP_MS / 1_000} s gets the stored value, and Zoo is asked once a minute at most`, async () => {
  const { zoo } = chaos;
  const before = await ask();
  expect(before.view).toMatchObject({ available: "37.3583", stale: false });
  zoo.reset();
  zoo.setFault({ kind: "status", status: 503 });

  let now = 0;
  /** Simulated milliseconds since the outage began, of each attempt. */
  const attempts: number[] = [];
  const note = () => {
    attempts.push(now);
    void zoo.waitForBalanceRequest().then(note);
  };
  void zoo.waitForBalanceRequest().then(note);
  for (let step = 1; step <= STEPS; step++) {
    await chaos.move(STEP_MS);
    now += STEP_MS;
    const { view, age, date } = await ask();
    expect(view.available).toBe("37.3583");
    expect(view.as_of).toBe(before.view.as_of);
    expect(date - age).toBe(Date.parse(view.as_of) / 1_000);
    expect(age).toBeGreaterThanOrEqual((step * STEP_MS) / 1_000);
    expect(view.stale).toBe(view.stale_reason !== null);
    // Whole seconds: at the very end of a second it may be either.
    if (age !== 60) expect(view.stale).toBe(age > 60);
    // Who comes just after freshness does not wait for what is set going then.
    if (age > 120) expect(view.stale_reason).toBe("upstream_unavailable");
  }
  expect(zoo.balanceRequests).toHaveLength(attempts.length);

  const gaps = attempts.slice(1).map((at, n) => at - (attempts[n] ?? 0));
  for (const [n, gap] of gaps.entries()) {
    const backoff = Math.min(1_000 * 2 ** n, 48_000);
    expect(gap, `${gaps}`).toBeGreaterThanOrEqual(backoff - STEP_MS);
    expect(gap, `${gaps}`).toBeLessThanOrEqual(Math.min(1_250 * 2 ** n, CEILING_MS) + 2 * STEP_MS);
  }
  expect(attempts.length).toBeGreaterThanOrEqual((HOURS * 3_600_000) / (CEILING_MS + STEP_MS));
  console.log(
    `outage drill: ${STEPS} callers in ${HOURS} hours, ${attempts.length} attempts at Zoo`,
  );

  zoo.setFault(null);
  let waited = 0;
  for (; (await ask()).view.stale; waited += STEP_MS) {
    expect(waited).toBeLessThanOrEqual(CEILING_MS);
    await chaos.move(STEP_MS);
  }
  expect((await ask()).view).toMatchObject({ stale: false, stale_reason: null });
  expect(chaos.logs.join("\n")).not.toContain('"internal"');
});
