import { createHmac } from "node:crypto";
import { SignJWT, generateKeyPair } from "jose";
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
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const nowSeconds = () => Math.floor(Date.now() / 1_000);

function claims(): Record<string, unknown> {
  const { issuer, audience } = worker.zoo;
  return { sub: "demo-user", iss: issuer, aud: audience, exp: nowSeconds() + 600 };
}

/** A token signed with HMAC over whatever an attacker may take for the key. */
function hmacToken(key: string): string {
  const text = `${part({ alg: "HS256", kid: "zoo-stand-in-1" })}.${part(claims())}`;
  return `${text}.${createHmac("sha256", key).update(text).digest("base64url")}`;
}

async function foreignToken(kid: string): Promise<string> {
  const { privateKey } = await generateKeyPair("ES256");
  return new SignJWT(claims()).setProtectedHeader({ alg: "ES256", kid }).sign(privateKey);
}

function tampered(token: string, index: number): string {
  const parts = token.split(".");
  const old = parts[index] ?? "";
  parts[index] = (old.startsWith("A") ? "B" : "A") + old.slice(1);
  return parts.join(".");
}

describe("refused with 401", () => {
  test("no credential", async () => {
    const response = await fetch(`${worker.url}/v1/balance`);
    await expectProblem(response, 401, "missing_credentials");
    expect(response.headers.get("www-authenticate")).toMatch(/^Bearer\b/);
  });

  const sign = (more: Record<string, unknown>, options = {}) => worker.zoo.signToken(more, options);
  const bearer = async (token: Promise<string> | string) => `Bearer ${await token}`;
  /** Refused without a look at the issuer's keys. */
  const badShapes: Record<string, () => string | Promise<string>> = {
    "another scheme": () => "Basic dXNlcjpwYXNz",
    "empty bearer": () => "Bearer",
    "two credentials": () => `Bearer ${worker.token}, Bearer ${worker.token}`,
    "two words": () => `Bearer ${worker.token} ${worker.token}`,
    "not a token": () => "Bearer not-a-token",
    "two parts": () => bearer(worker.token.split(".").slice(0, 2).join(".")),
    "broken header": () => bearer(`%%%.${worker.token.split(".").slice(1).join(".")}`),
    "header is a list": () => bearer(`${part([])}.${part(claims())}.AAAA`),
    "alg none": () => bearer(`${part({ alg: "none" })}.${part(claims())}.`),
    "alg NoNe": () => bearer(`${part({ alg: "NoNe" })}.${part(claims())}.AAAA`),
    HS256: () => bearer(sign({}, { alg: "HS256" })),
    "HS256, empty key": () => bearer(hmacToken("\0")),
    "wrong issuer": () => bearer(sign({ iss: "https://issuer.invalid" })),
    "wrong audience": () => bearer(sign({ aud: "another-app" })),
    expired: () => bearer(sign({}, { expiresIn: -60 })),
    "no exp": () => bearer(sign({ exp: undefined })),
    "no sub": () => bearer(sign({ sub: undefined })),
    "empty sub": () => bearer(sign({ sub: "" })),
    "too large": () => bearer(sign({ padding: "x".repeat(9_000) })),
  };
  const badKeys: Record<string, () => string | Promise<string>> = {
    "not yet valid": () => bearer(sign({ nbf: nowSeconds() + 600 })),
    "HS256, public key": async () => {
      const jwks = await (await fetch(worker.zoo.jwksUrl)).text();
      worker.zoo.reset();
      return bearer(hmacToken(jwks));
    },
    "unknown kid": () => bearer(sign({}, { kid: "nobody-knows" })),
    "another key": () => bearer(foreignToken("zoo-stand-in-1")),
    "another algorithm": () => bearer(sign({}, { alg: "RS256" })),
    "tampered signature": () => bearer(tampered(worker.token, 2)),
    "tampered payload": () => bearer(tampered(worker.token, 1)),
    "another issuer's key": async () => bearer(issuers.cold.signToken({ iss: worker.zoo.issuer })),
  };

  async function expectRefusal(authorization: string): Promise<void> {
    const response = await worker.balance({ authorization });
    const { request_id: _, ...body } = await expectProblem(response, 401, "invalid_credentials");
    const reference = await worker.balance({ authorization: "Bearer x" });
    expect(await reference.json()).toMatchObject(body);
    const comparable = ({ headers }: Response) =>
      [...headers].filter(([name]) => !["date", "x-request-id"].includes(name));
    expect(comparable(response)).toEqual(comparable(reference));
    expect(response.headers.get("www-authenticate")).toMatch(/^Bearer\b/);
    expect(worker.zoo.balanceRequests).toHaveLength(0);
  }

  test.each(Object.entries(badShapes))("%s, without asking for keys", async (_, make) => {
    await expectRefusal(await make());
    expect(worker.zoo.jwksRequests).toHaveLength(0);
  });

  test.each(Object.entries(badKeys))("%s", async (_, make) => {
    await expectRefusal(await make());
  });
});

test("a valid token shows the default account", async () => {
  const response = await ask(worker.token);
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ account: "default" });
  expect((await worker.balance({ authorization: `bearer ${worker.token}` })).status).toBe(200);
});

test("30 seconds of leeway", async () => {
  expect((await ask(await worker.zoo.signToken({}, { expiresIn: -10 }))).status).toBe(200);
  expect((await ask(await worker.zoo.signToken({ nbf: nowSeconds() + 15 }))).status).toBe(200);
});

describe("refused with 403", () => {
  test.each([{}, { scope: "zoo:balances" }, { scp: ["other"] }, { scope: 5 }])(
    "a token without the scope the issuer entry asks for: %j",
    async (more) => {
      const token = await issuers.scoped.signToken(more);
      await expectProblem(await ask(token), 403, "insufficient_scope");
    },
  );

  test.each([{}, { account: "unheard-of" }, { account: 1 }, { account: "__proto__" }])(
    "a token whose claim names no known account: %j",
    async (more) => {
      const token = await issuers.claimed.signToken(more);
      await expectProblem(await ask(token), 403, "unknown_account");
    },
  );

  test("with the scope, or the account, they are let in", async () => {
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

  test("outlive the issuer", async () => {
    const { doomed } = issuers;
    const later = await doomed.signToken({ sub: "later" });
    const unknown = await doomed.signToken({}, { kid: "newer" });
    expect((await ask(await doomed.signToken())).status).toBe(200);
    await doomed.close();
    expect((await ask(later)).status).toBe(200);
    expect((await ask(unknown)).status).toBe(401);
    expect((await ask(later)).status).toBe(200);
  });

  test("50 cold callers at once cost one fetch", async () => {
    const sign = (_: unknown, n: number) => issuers.cold.signToken({ sub: `user-${n}` });
    const tokens = await Promise.all(Array.from({ length: 50 }, sign));
    const statuses = (await Promise.all(tokens.map(ask))).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(issuers.cold.jwksRequests).toHaveLength(1);
  });

  test("50 unknown key ids cost at most one more", async () => {
    const { flooded } = issuers;
    expect((await ask(await flooded.signToken())).status).toBe(200);
    expect(flooded.jwksRequests).toHaveLength(1);
    const sign = (_: unknown, n: number) => flooded.signToken({}, { kid: `invented-${n}` });
    const tokens = await Promise.all(Array.from({ length: 50 }, sign));
    const statuses = (await Promise.all(tokens.map(ask))).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([401]));
    expect(flooded.jwksRequests.length).toBeLessThanOrEqual(2);
    expect((await ask(await flooded.signToken())).status).toBe(200);
  });
});
