import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startZoo, type Zoo } from "../zoo/server.ts";
import { expectProblem } from "./problems.ts";
import { type StartedWorker, startWorker } from "./worker.ts";

/** Issuers of their own, since a Worker remembers each one's keys. */
const issuers: Record<"discovered" | "scoped" | "claimed" | "cold" | "flooded" | "doomed", Zoo> =
  Object.create(null);
const NAMES = ["discovered", "scoped", "claimed", "cold", "flooded", "doomed"] as const;

let worker: StartedWorker;
beforeAll(async () => {
  for (const name of NAMES) issuers[name] = await startZoo();
  const entry = (zoo: Zoo, more: object = { jwks_url: zoo.jwksUrl }) => ({
    issuer: zoo.issuer,
    audience: zoo.audience,
    ...more,
  });
  worker = await startWorker((zoo) => ({
    JWT_ISSUERS: JSON.stringify([
      entry(zoo),
      entry(issuers.discovered, {}),
      entry(issuers.scoped, { jwks_url: issuers.scoped.jwksUrl, scope: "zoo:balance" }),
      entry(issuers.claimed, { jwks_url: issuers.claimed.jwksUrl, account_claim: "account" }),
      entry(issuers.cold),
      entry(issuers.flooded),
      entry(issuers.doomed),
    ]),
  }));
});
afterAll(async () => {
  await worker.close();
  await Promise.all(NAMES.filter((name) => name !== "doomed").map((name) => issuers[name].close()));
});
beforeEach(() => worker.zoo.reset());

const ask = (token: string) => worker.balance({ authorization: `Bearer ${token}` });
const nowSeconds = () => Math.floor(Date.now() / 1_000);

test("a valid token shows the default account", async () => {
  const response = await ask(worker.token);
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ account: "default" });
  expect((await worker.balance({ authorization: `bearer ${worker.token}` })).status).toBe(200);
});

test("clocks may differ by 30 seconds", async () => {
  expect((await ask(await worker.zoo.signToken({}, { expiresIn: -10 }))).status).toBe(200);
  expect((await ask(await worker.zoo.signToken({ nbf: nowSeconds() + 15 }))).status).toBe(200);
});

describe("an entry with scope or account_claim", () => {
  test.each([{}, { scope: "zoo:balances" }, { scp: ["other"] }, { scope: 5 }])(
    "refuses with 403 a token without the required scope: %j",
    async (more) => {
      const token = await issuers.scoped.signToken(more);
      await expectProblem(await ask(token), 403, "insufficient_scope");
    },
  );

  test.each([{}, { account: "unheard-of" }, { account: 1 }, { account: "__proto__" }])(
    "refuses with 403 a token whose claim names no known account: %j",
    async (more) => {
      const token = await issuers.claimed.signToken(more);
      await expectProblem(await ask(token), 403, "unknown_account");
    },
  );

  test("lets a token with that scope, or a known account, in", async () => {
    const granted = [{ scope: "openid zoo:balance" }, { scp: ["zoo:balance"] }];
    for (const more of granted) {
      expect((await ask(await issuers.scoped.signToken(more))).status).toBe(200);
    }
    const token = await issuers.claimed.signToken({ account: "default" });
    expect((await ask(token)).status).toBe(200);
  });
});

describe("the issuer's keys", () => {
  test("are discovered when no jwks_url is given", async () => {
    expect((await ask(await issuers.discovered.signToken())).status).toBe(200);
    expect(issuers.discovered.jwksRequests).toHaveLength(1);
  });

  test("still verify when the issuer has gone", async () => {
    const { doomed } = issuers;
    const later = await doomed.signToken({ sub: "later" });
    const unknown = await doomed.signToken({}, { header: { kid: "newer" } });
    expect((await ask(await doomed.signToken())).status).toBe(200);
    await doomed.close();
    expect((await ask(later)).status).toBe(200);
    expect((await ask(unknown)).status).toBe(401);
    expect((await ask(later)).status).toBe(200);
  });

  test("are fetched once for 50 callers of a cold isolate at once", async () => {
    const sign = (_: unknown, n: number) => issuers.cold.signToken({ sub: `user-${n}` });
    const tokens = await Promise.all(Array.from({ length: 50 }, sign));
    const statuses = (await Promise.all(tokens.map(ask))).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(issuers.cold.jwksRequests).toHaveLength(1);
  });

  test("are fetched at most once more for 50 unknown key ids", async () => {
    const { flooded } = issuers;
    expect((await ask(await flooded.signToken())).status).toBe(200);
    expect(flooded.jwksRequests).toHaveLength(1);
    const sign = (_: unknown, n: number) =>
      flooded.signToken({}, { header: { kid: `invented-${n}` } });
    const tokens = await Promise.all(Array.from({ length: 50 }, sign));
    const statuses = (await Promise.all(tokens.map(ask))).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([401]));
    expect(flooded.jwksRequests.length).toBeLessThanOrEqual(2);
    expect((await ask(await flooded.signToken())).status).toBe(200);
  });
});
