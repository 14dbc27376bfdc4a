/** What is broken is told by one line in 10 s, however many requests, refreshes or fetches find it so. */
import { reset, runInDurableObject } from "cloudflare:test";
import { beforeEach, expect, test, vi } from "vitest";
import type { AccountBalance } from "../../src/account/account-object.ts";
import { newApiKey } from "../../src/callers/api-key/format.ts";
import { sha256Hex } from "../../src/lib/digest.ts";
import { LogThrottle } from "../../src/lib/log-throttle.ts";
import { apiKeyRecord } from "../api-key-record.ts";
import { balanceBody } from "../zoo/bodies.ts";
import { askWorker } from "./ask.ts";
import { demandOf, env, later } from "./support.ts";

const INTERVAL_MS = 10_000;
const AT_ONCE = 30;

type Line = Readonly<Record<string, unknown>>;
const lines: Line[] = [];
for (const level of ["info", "warn", "error"] as const) {
  vi.spyOn(console, level).mockImplementation((line) => {
    lines.push(JSON.parse(String(line)));
  });
}
const linesOf = (event: string) => lines.filter((line) => line.event === event);

const fetched = vi.spyOn(globalThis, "fetch");
let authorization = "";
beforeEach(async () => {
  await reset();
  lines.length = 0;
  fetched.mockReset();
  const key = await newApiKey();
  await env.API_KEYS.put(await sha256Hex(key), JSON.stringify(apiKeyRecord()));
  authorization = `Bearer ${key}`;
});

const broken = () => Promise.reject(new Error("boom"));
const ACCOUNT_BALANCE = { getByName: () => ({ refresh: broken, chart: broken }) };

test.each([
  ["object_failed", "/v1/balance", {}],
  ["object_failed", "/v1/balance/history", {}],
  ["kv_read_failed", "/v1/balance", { get: broken }],
  ["kv_foreign_value", "/v1/balance", { get: async () => ({}) }],
])(
  "%s is one line for 30 requests of %s at once, and the next, 10 s later, counts the others",
  async (event, path, kv) => {
    const isolate = { ...env, ACCOUNT_BALANCE, ...(path === "/v1/balance" && { BALANCE_KV: kv }) };
    const flood = () =>
      Promise.all(
        Array.from({ length: AT_ONCE }, () =>
          askWorker(isolate as never, { authorization }, { path }),
        ),
      );
    await flood();
    expect(linesOf(event)).toMatchObject([{ account: "default" }]);
    expect(linesOf(event)[0]).not.toHaveProperty("suppressed");
    later(INTERVAL_MS - 1);
    await flood();
    expect(linesOf(event)).toHaveLength(1);
    later(1);
    await flood();
    expect(linesOf(event)).toMatchObject([{}, { suppressed: 2 * AT_ONCE - 1 }]);
  },
);

test("another account's object is told of at once", async () => {
  const ACCOUNTS = { acme: { token: "ZOO_API_TOKEN", subject: "user" } };
  const isolate = { ...env, ACCOUNT_BALANCE, ACCOUNTS } as never;
  const key = await newApiKey();
  await env.API_KEYS.put(
    await sha256Hex(key),
    JSON.stringify(apiKeyRecord({ id: "k2", account: "acme" })),
  );
  await askWorker(isolate, { authorization });
  await askWorker(isolate, { authorization: `Bearer ${key}` });
  expect(linesOf("object_failed").map(({ account }) => account)).toEqual(["default", "acme"]);
});

test("kv_write_failed is one line for the refreshes of 10 s", async () => {
  fetched.mockImplementation(async () => Response.json(balanceBody("2026-08")));
  const changed = { ...env, MIN_REFRESH_SECONDS: 1, BALANCE_KV: { put: broken } };
  const object = env.ACCOUNT_BALANCE.getByName("default");
  const forced = () =>
    runInDurableObject(object, async (instance: AccountBalance) => {
      Reflect.set(instance, "env", changed);
      await instance.refresh(demandOf({ maxAge: 0 }));
    });
  for (let refreshes = 1; refreshes <= 10; refreshes++) {
    await forced();
    later(1_000);
  }
  expect(linesOf("refreshed")).toHaveLength(10);
  expect(linesOf("kv_write_failed")).toHaveLength(1);
  await forced();
  expect(linesOf("kv_write_failed")).toHaveLength(2);
});

test("keys_failed is one line in 10 s, and one more for another reason", async () => {
  const issuer = "https://login.example";
  const request = { id: "flood", issuer, jwksUrl: `${issuer}/jwks`, miss: false };
  const object = env.ISSUER_KEYS.getByName("flood");
  const answer = (status: number) => {
    fetched.mockImplementation(async () => new Response(null, { status }));
    return object.keys(request);
  };
  await answer(503);
  later(5_000);
  await answer(503);
  expect(fetched).toHaveBeenCalledTimes(2);
  expect(linesOf("keys_failed")).toMatchObject([{ issuer, reason: "status_503" }]);
  later(5_000);
  await answer(503);
  await answer(404);
  expect(linesOf("keys_failed")).toHaveLength(2);
  later(5_000);
  await answer(404);
  expect(linesOf("keys_failed").map(({ reason }) => reason)).toEqual([
    "status_503",
    "status_503",
    "status_404",
  ]);
});

test("of refusals of ever new senders, 500 lines are written in 10 s, and the next one counts the others", () => {
  const log = new LogThrottle();
  const refuse = (sender: string, issuer = "https://a.example") =>
    log.log("warn", "denied", { reason: "signature", issuer }, sender);
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < 2_001; n++) refuse(`192.0.2.${n}`);
  }
  expect(linesOf("denied")).toHaveLength(500);
  log.log("error", "object_failed", { account: "default" });
  expect(linesOf("object_failed")).toHaveLength(1);
  later(INTERVAL_MS);
  refuse("198.51.100.1");
  refuse("198.51.100.2");
  expect(linesOf("denied").slice(500)).toMatchObject([
    { suppressed: 3 * 2_001 - 500 - 2 * 500 },
    {},
  ]);
});

test("a refusal of one issuer's token does not hide that of another's from the same sender", () => {
  const log = new LogThrottle();
  for (const issuer of ["https://a.example", "https://b.example", "https://a.example"]) {
    log.log("warn", "denied", { reason: "signature", issuer }, "192.0.2.1");
  }
  expect(linesOf("denied").map(({ issuer }) => issuer)).toEqual([
    "https://a.example",
    "https://b.example",
  ]);
});
