/** What a credential may see, and of which account. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createKey } from "./api-keys.ts";
import { expectProblem } from "./problems.ts";
import { viewOf } from "./view.ts";
import { type StartedWorker, startWorker } from "./worker.ts";

let worker: StartedWorker;
beforeAll(async () => {
  worker = await startWorker({
    ACCOUNTS: JSON.stringify({
      acme: { token: "ACME_TOKEN", subject: "org" },
      dead: { token: "DEAD_TOKEN" },
    }),
    ACME_TOKEN: "zoo_canary_token_MustNeverLeaveTheProxy",
    DEAD_TOKEN: "revoked-at-zoo",
    FRESH_SECONDS: 3_600,
    MIN_REFRESH_SECONDS: 1,
  });
});
afterAll(() => worker.close());
beforeEach(() => worker.zoo.reset());

const ask = (credential: string, headers: Record<string, string> = {}) =>
  worker.balance({ authorization: `Bearer ${credential}`, ...headers });
const status = (credential: string, headers: Record<string, string> = {}) =>
  worker.status({ authorization: `Bearer ${credential}`, ...headers });
const keysOf = async (response: Response) => Object.keys((await response.json()) as object);

const STATUS_VIEW = ["account", "status", "as_of", "stale", "stale_reason"];

describe("the scope balance:status", () => {
  test.each<[string, () => Promise<string>]>([
    ["an API key", () => createKey(worker, { scopes: ["balance:status"] })],
    ["a JWT, scope", () => worker.zoo.signToken({ scope: "openid balance:status" })],
    ["a JWT, scp", () => worker.zoo.signToken({ scp: ["balance:status"] })],
    ["a JWT, scp as text", () => worker.zoo.signToken({ scp: "balance:status" })],
    ["a JWT, other separators", () => worker.zoo.signToken({ scope: "openid,balance:status\tx" })],
    ["a JWT, words in a list", () => worker.zoo.signToken({ scp: ["openid balance:status"] })],
    ["a JWT, both", () => worker.zoo.signToken({ scope: "openid", scp: ["balance:status"] })],
  ])("of %s shows the status, and not an amount", async (_, make) => {
    const credential = await make();
    await expectProblem(await ask(credential), 403, "insufficient_scope");
    const response = await status(credential);
    expect(response.status).toBe(200);
    const etag = response.headers.get("etag") ?? "";
    const view = (await response.json()) as object;
    expect(Object.keys(view)).toEqual(STATUS_VIEW);
    expect(view).toMatchObject({ account: "default", status: "ok", stale_reason: null });
    expect(JSON.stringify(view)).not.toMatch(/37\.3583|USD|Pro/);

    const head = await fetch(`${worker.url}/v1/balance/status`, {
      method: "HEAD",
      headers: { authorization: `Bearer ${credential}` },
    });
    expect(head.headers.get("etag")).toMatch(/^W\//);
    expect(etag).toMatch(/^W\//);
    const whole = await ask(await createKey(worker, {}));
    const guess = {
      "if-none-match": whole.headers.get("etag") ?? "",
      "cache-control": "max-age=60",
    };
    // The whole view's ETag would tell whether an amount was guessed right.
    expect((await status(credential, guess)).status).toBe(200);
  });

  test("has an ETag that tells no amount: it stays while only amounts change", async () => {
    const key = await createKey(worker, { scopes: ["balance:status"] });
    const whole = await createKey(worker, {});
    const fresh = async (credential: string, view = ask) => {
      const tag = async () => {
        const response = await view(credential, { "cache-control": "no-cache" });
        return (await viewOf(response.clone())).stale ? null : response.headers.get("etag");
      };
      await expect.poll(tag).toBeTruthy();
      return tag();
    };
    const before = { status: await fresh(key, status), whole: await fresh(whole) };
    worker.zoo.setGeneration("2025-11");
    const changed = async () => {
      const response = await ask(whole, { "cache-control": "no-cache" });
      return (await viewOf(response)).available;
    };
    await expect.poll(changed, { interval: 250 }).toBe("52.10");
    const after = { status: await fresh(key, status), whole: await fresh(whole) };
    expect(after.status).toBe(before.status);
    expect(after.whole).not.toBe(before.whole);
  });
});

describe("the scope balance:read", () => {
  test.each<[string, () => Promise<string>]>([
    ["an API key", () => createKey(worker, { scopes: ["balance:read"] })],
    [
      "an API key with both",
      () => createKey(worker, { scopes: ["balance:status", "balance:read"] }),
    ],
    ["a JWT that says nothing", () => worker.zoo.signToken()],
    ["a JWT of other scopes", () => worker.zoo.signToken({ scope: "openid profile" })],
    ["a JWT with both", () => worker.zoo.signToken({ scope: "balance:status balance:read" })],
    ["a strange scope claim", () => worker.zoo.signToken({ scope: { "balance:status": 1 } })],
  ])("of %s shows the whole view", async (_, make) => {
    const keys = await keysOf(await ask(await make()));
    expect(keys).toEqual(expect.arrayContaining([...STATUS_VIEW, "available", "plan"]));
    expect(await keysOf(await status(await make()))).toEqual(STATUS_VIEW);
  });
});

describe("the account", () => {
  test("is the credential's, whatever else the request says", async () => {
    const key = await createKey(worker, { account: "acme" });
    const url = `${worker.url}/v1/balance?account=default&subject=user`;
    const headers = { authorization: `Bearer ${key}`, "x-account": "default", cookie: "account=x" };
    expect(await viewOf(await fetch(url, { headers }))).toMatchObject({ account: "acme" });
    expect(worker.zoo.balanceRequests.map(({ path }) => path)).toEqual([
      "/org/payment/balance?include_total_due=true",
    ]);
  });

  test("that is not configured is refused", async () => {
    const key = await createKey(worker, { account: "nobody" });
    await expectProblem(await ask(key), 403, "unknown_account");
    expect(worker.zoo.balanceRequests).toHaveLength(0);
  });

  test("has failures and a backoff of its own", async () => {
    const [dead, acme] = [
      await createKey(worker, { account: "dead" }),
      await createKey(worker, { account: "acme" }),
    ];
    for (let round = 0; round < 3; round++) {
      await expectProblem(await ask(dead), 502, "upstream_rejected");
      const fresh = await ask(acme, { "cache-control": "max-age=60" });
      expect(await viewOf(fresh)).toMatchObject({ account: "acme" });
      expect((await viewOf(await ask(worker.token))).account).toBe("default");
    }
    const requests = worker.zoo.balanceRequests.filter(
      ({ headers }) => headers.authorization === "Bearer revoked-at-zoo",
    );
    expect(requests).toHaveLength(1);
  });
});
