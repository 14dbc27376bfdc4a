/** Thousands of callers of one account that nobody has asked for yet, half of whom hang up. */
import { once } from "node:events";
import { type ClientRequest, request } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LONG } from "../long.ts";
import { type Chaos, startChaos } from "./chaos.ts";

/** Each has some open files here and there; machines commonly allow 20,000. */
const CALLERS = LONG ? 3_000 : 2_000;

let chaos: Chaos;
beforeAll(async () => {
  chaos = await startChaos({ accounts: {} });
  // Zoo answers when the test lets it, however long so many callers take on a busy machine.
  await chaos.onlyDeadlines({});
});
afterAll(() => chaos[Symbol.asyncDispose]());

interface Caller {
  readonly sent: ClientRequest;
  /** The status, or null for one that hung up. */
  readonly answer: Promise<{ status: number; body: string } | null>;
}

/** On a connection of its own. Resolves when its request is on the wire. */
async function call(authorization: string): Promise<Caller> {
  const sent = request(`${chaos.url}/v1/balance`, { headers: { authorization }, agent: false });
  const answer = new Promise<{ status: number; body: string } | null>((resolve) => {
    sent.once("response", async (response) => {
      resolve({ status: response.statusCode ?? 0, body: await text(response) });
    });
    sent.once("error", () => resolve(null));
  });
  sent.end();
  await once(sent, "finish");
  return { sent, answer };
}

test(`${CALLERS} callers at once, half of whom hang up, cost one request to Zoo, and the others are answered`, async () => {
  const { zoo } = chaos;
  const tokens = await Promise.all(
    Array.from({ length: CALLERS }, (_, n) =>
      zoo.signToken({ sub: `user-${n}`, account: "default" }),
    ),
  );
  zoo.setFault({ kind: "hold" });
  const arrived = zoo.waitForBalanceRequest();
  const callers = await Promise.all(tokens.map((token) => call(`Bearer ${token}`)));
  await arrived;
  const leaving = callers.filter((_, n) => n % 2 === 0);
  const staying = callers.filter((_, n) => n % 2 === 1);
  for (const { sent } of leaving) sent.destroy();
  expect(new Set(await Promise.all(leaving.map(({ answer }) => answer)))).toEqual(new Set([null]));
  // Answered after they had gone.
  expect((await fetch(`${chaos.url}/health`)).status).toBe(200);
  zoo.release();

  const answers = await Promise.all(staying.map(({ answer }) => answer));
  expect(answers.filter((answer) => answer?.status !== 200)).toEqual([]);
  const values = answers.map(
    (answer) => JSON.parse(answer?.body ?? "null") as { available: string },
  );
  expect(new Set(values.map(({ available }) => available))).toEqual(new Set(["37.3583"]));
  expect(zoo.balanceRequests).toHaveLength(1);

  const next = await chaos.balance("default");
  expect(next.status).toBe(200);
  expect(next.headers.get("cache-status")).toContain("; hit;");
  expect(zoo.balanceRequests).toHaveLength(1);
  console.log(`crowd: ${staying.length} answered, ${leaving.length} hung up, 1 request to Zoo`);
});
