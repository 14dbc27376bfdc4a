/** Limits are per minute of the clock, so a loop may see two minutes' worth before it is stopped. */
import { afterEach, describe, expect, test } from "vitest";
import { newApiKey } from "../../src/callers/api-key/format.ts";
import { startZoo } from "../zoo/server.ts";
import { createKey } from "./api-keys.ts";
import { expectProblem } from "./problems.ts";
import { type StartedWorker, startWorker, type WorkerOptions } from "./worker.ts";

const LIMIT = 5;
let worker: StartedWorker;
const start = async (options: WorkerOptions) => {
  worker = await startWorker({}, options);
};
afterEach(() => worker.close());

const ask = (credential: string, address = "192.0.2.1") =>
  worker.balance({ authorization: `Bearer ${credential}`, "cf-connecting-ip": address });

/** How many got through before one was refused with 429, whose answer is checked. */
async function untilLimited(next: () => Promise<Response>, expected: number): Promise<number> {
  for (let passed = 0; passed <= 2 * LIMIT; passed++) {
    const response = await next();
    if (response.status === expected) continue;
    await expectProblem(response, 429, "rate_limited");
    expect(response.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
    return passed;
  }
  throw new Error("never limited");
}

test("CALLER_LIMIT counts per caller, whatever the address or the token", async () => {
  const second = await startZoo();
  worker = await startWorker(
    (zoo) => ({
      JWT_ISSUERS: JSON.stringify(
        [zoo, second].map(({ issuer, audience, jwksUrl }) => ({
          issuer,
          audience,
          jwks_url: jwksUrl,
        })),
      ),
    }),
    { callerLimit: LIMIT },
  );
  let n = 0;
  const busy = async () => ask(await worker.zoo.signToken({ n: ++n }), `192.0.2.${n}`);
  expect(await untilLimited(busy, 200)).toBeGreaterThanOrEqual(LIMIT);
  expect((await ask(await worker.zoo.signToken({ sub: "another" }))).status).toBe(200);
  expect((await ask(await createKey(worker, {}))).status).toBe(200);
  // The same subject of another issuer is another caller.
  expect((await ask(await second.signToken())).status).toBe(200);
  await second.close();
  expect(worker.logs.filter((line) => line.includes("caller_limit"))).toHaveLength(1);
  expect((await fetch(`${worker.url}/health`)).status).toBe(200);
});

describe("FAILURE_LIMIT", () => {
  test("stops lookups for one address; its known callers and other addresses go on", async () => {
    await start({ failureLimit: LIMIT });
    const known = await createKey(worker, {});
    const unknown = await createKey(worker, {});
    expect((await ask(known)).status).toBe(200);
    expect((await ask(worker.token)).status).toBe(200);

    expect(await untilLimited(() => ask("bad"), 401)).toBeGreaterThanOrEqual(LIMIT);
    await expectProblem(await ask(await newApiKey()), 429, "rate_limited");
    // Nothing is looked up for this address now, but what needs no look-up is served.
    await expectProblem(await ask(unknown), 429, "rate_limited");
    // One line for all that was refused without a look.
    expect(worker.logs.filter((line) => line.includes("address_limited"))).toHaveLength(1);
    expect((await ask(known)).status).toBe(200);
    expect((await ask(await worker.zoo.signToken({ sub: "new" }))).status).toBe(200);
    expect((await ask(unknown, "192.0.2.2")).status).toBe(200);
    expect((await ask("bad", "192.0.2.2")).status).toBe(401);
  });

  test("counts an IPv6 /64 as one address", async () => {
    await start({ failureLimit: LIMIT });
    let n = 0;
    const hopping = () => ask("bad", `2001:db8:1:2:${(++n).toString(16)}::1`);
    expect(await untilLimited(hopping, 401)).toBeGreaterThanOrEqual(LIMIT);
    expect((await ask("bad", "2001:db8:1:2::ffff")).status).toBe(429);
    expect((await ask("bad", "2001:db8:1:3::1")).status).toBe(401);
  });

  test("does not count good callers or missing credentials", async () => {
    await start({ failureLimit: 1 });
    for (let n = 0; n < 5; n++) {
      expect((await ask(worker.token)).status).toBe(200);
      expect((await fetch(`${worker.url}/v1/balance`)).status).toBe(401);
    }
    expect((await ask("bad")).status).toBe(401);
  });
});
