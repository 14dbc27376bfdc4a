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

describe("a refusal of a verified caller", () => {
  test.each([
    ["without the scope", { scope: "other" }, "insufficient_scope", "scope_missing"],
    ["of an unknown account", { scope: "zoo", account: "x" }, "unknown_account", "not_in_accounts"],
  ])("%s counts against the caller, and is one line", async (_, claims, code, reason) => {
    worker = await startWorker(
      ({ issuer, audience, jwksUrl }) => ({
        JWT_ISSUERS: JSON.stringify([
          {
            issuer,
            audience,
            jwks_url: jwksUrl,
            scope: "zoo",
            account_claim: "account",
            account: "default",
          },
        ]),
      }),
      { callerLimit: LIMIT },
    );
    let n = 0;
    const next = async () => ask(await worker.zoo.signToken({ ...claims, n: ++n }), `192.0.2.${n}`);
    await expectProblem(await next(), 403, code);
    expect(await untilLimited(next, 403)).toBeGreaterThanOrEqual(LIMIT - 1);
    await expect.poll(() => worker.logs.join("\n")).toContain("caller_limit");
    expect(worker.logs.filter((line) => line.includes(reason))).toHaveLength(1);
    expect(worker.logs.filter((line) => line.includes("caller_limit"))).toHaveLength(1);
  });
});

describe("FAILURE_LIMIT", () => {
  test("counts what cannot be checked as well, and it is one line", async () => {
    const gone = await startZoo();
    worker = await startWorker(
      {
        JWT_ISSUERS: JSON.stringify([
          { issuer: gone.issuer, audience: "a", jwks_url: "http://127.0.0.1:1/" },
        ]),
      },
      { failureLimit: LIMIT },
    );
    const next = async () => ask(await gone.signToken({ aud: "a", sub: crypto.randomUUID() }));
    expect(await untilLimited(next, 503)).toBeGreaterThanOrEqual(LIMIT);
    expect(worker.logs.filter((line) => line.includes('"keys_unavailable"'))).toHaveLength(1);
    await gone.close();
  });

  test("leaves a 401 to an expired token, so that an app renews it", async () => {
    await start({ failureLimit: LIMIT });
    expect(await untilLimited(() => ask("bad"), 401)).toBeGreaterThanOrEqual(LIMIT);
    const expired = await worker.zoo.signToken({}, { expiresIn: -60 });
    await expectProblem(await ask(expired), 401, "invalid_credentials");
    expect((await ask(worker.token)).status).toBe(200);
  });

  test("lets a token be decided by any of the known keys, however it names them", async () => {
    await start({ failureLimit: LIMIT });
    expect((await ask(worker.token)).status).toBe(200);
    expect(await untilLimited(() => ask("bad"), 401)).toBeGreaterThanOrEqual(LIMIT);
    for (const alg of ["ES256", "RS256"] as const) {
      const unnamed = await worker.zoo.signToken({}, { alg, header: { kid: "" } });
      expect((await ask(unnamed)).status).toBe(200);
    }
  });

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
