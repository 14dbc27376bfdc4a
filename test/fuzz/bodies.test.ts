/** Whatever Zoo answers: a value that makes a view, or a refusal that names fields and types and nothing else. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newRecord } from "../../src/balance/record.ts";
import { toView, viewSchema } from "../../src/balance/view.ts";
import { readZooBody } from "../../src/zoo/body.ts";
import { type Chaos, startChaos } from "../e2e/chaos.ts";
import { expectProblem } from "../e2e/problems.ts";
import { usd } from "../usd.ts";
import { PAYMENT_SECRET } from "../zoo/bodies.ts";
import { spoiledBody } from "./mutations.ts";
import { runs } from "./runs.ts";

const FIELD = /^(\(body\)|[a-z_]+(\.[a-z_]+)*)$/;
const TYPE = /^[a-z]+$|^not JSON$/;

test("the reader turns any body into a valid balance, or a refusal that quotes no value", () => {
  let good = 0;
  fc.assert(
    fc.property(spoiledBody, (text) => {
      const read = readZooBody(text);
      for (const { field, type } of read.drift) {
        expect(field).toMatch(FIELD);
        expect(type).toMatch(TYPE);
      }
      if (!read.ok) {
        expect(read.drift.length).toBeGreaterThan(0);
        return;
      }
      good += 1;
      const value = { balance: read.balance, access: null };
      const record = newRecord({ name: "default", source: "s" }, value, 1_795_000_000_000, 0);
      const seen = { record, stale: false, staleReason: null };
      const view = toView(seen, { LOW_BALANCE_USD: usd("10.00") });
      expect(viewSchema.safeParse(view).success).toBe(true);
      expect(JSON.stringify(view)).not.toContain(PAYMENT_SECRET);
    }),
    runs("bodies", { short: 6_000, long: 300_000 }),
  );
  // Or nothing was read but refusals.
  expect(good).toBeGreaterThan(1_000);
});

describe("the started Worker", () => {
  /** Past any backoff, and past freshness: each body is asked for. */
  const ROUND_MS = 200_000;
  let chaos: Chaos;
  beforeAll(async () => {
    chaos = await startChaos({ accounts: {} });
  });
  afterAll(() => chaos[Symbol.asyncDispose]());

  test("answers each of the generated bodies by the contract, one after the other", async () => {
    const { zoo } = chaos;
    let asked = 0;
    let good = 0;
    await fc.assert(
      fc.asyncProperty(spoiledBody, async (text) => {
        zoo.setBody(text);
        await chaos.move(ROUND_MS);
        const answer = await chaos.balance("default");
        asked += 1;
        expect(zoo.balanceRequests).toHaveLength(asked);
        if (answer.status !== 200) {
          await expectProblem(answer, 502, "upstream_invalid");
          expect(readZooBody(text).ok).toBe(false);
          return;
        }
        const shown = await answer.text();
        const view = viewSchema.parse(JSON.parse(shown));
        expect(view.stale_reason).toBe(readZooBody(text).ok ? null : "upstream_invalid");
        if (view.stale_reason === null) good += 1;
        expect(shown).not.toContain(PAYMENT_SECRET);
      }),
      runs("bodies by the started Worker", { short: 400, long: 10_000 }),
    );
    expect(good).toBeGreaterThan(50);
    expect(chaos.logs.join("\n")).not.toContain('"internal"');
    expect(chaos.logs.join("\n")).not.toContain(PAYMENT_SECRET);
  });
});
