import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { GENERATIONS } from "../zoo/bodies.ts";
import { viewOf } from "./view.ts";
import { accountVars, callerOf, type StartedWorker, startWorker } from "./worker.ts";

const ACCOUNTS = [...GENERATIONS, "etag", "team"];

let worker: StartedWorker;
beforeAll(async () => {
  worker = await startWorker((zoo) => ({
    ...accountVars(zoo, Object.fromEntries(ACCOUNTS.map((name) => [name, "user" as const]))),
    MIN_REFRESH_SECONDS: 1,
  }));
});
afterAll(() => worker.close());
beforeEach(() => {
  worker.zoo.reset();
});

async function ask(account: string, headers: Record<string, string> = {}, method = "GET") {
  return await fetch(`${worker.url}/v1/balance`, {
    method,
    headers: { ...(await callerOf(worker.zoo, account)), ...headers },
  });
}

/** The headers whose values are the same from one answer to the next. */
function lasting({ headers }: Response) {
  const volatile = ["date", "age", "x-request-id", "cache-status", "cache-control"];
  const transport = ["connection", "keep-alive", "content-length", "transfer-encoding"];
  return Object.fromEntries(
    [...headers].filter(([name]) => ![...volatile, ...transport].includes(name)),
  );
}

describe("the view", () => {
  test("of Zoo's documented example is the documented one", async () => {
    worker.zoo.setGeneration("documented");
    const response = await ask("documented");
    const { as_of, ...view } = (await response.json()) as { as_of: string };
    expect(response.status).toBe(200);
    expect(as_of).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(view).toEqual({
      account: "documented",
      status: "ok",
      currency: "USD",
      available: "146.72",
      low_below: "10.00",
      blocked: null,
      pay_as_you_go: true,
      monthly: { remaining: "58.93", allowance: "66.98", units: null, refreshes_at: null },
      prepaid: { remaining: "87.79", units: null, cash: "70.93" },
      total_due: "31.61",
      plan: {
        name: "free",
        title: "free",
        pricing: "contract",
        price: null,
        interval: null,
        support: "standard",
      },
      updated_at: "2024-04-29T19:59:59Z",
      stale: false,
      stale_reason: null,
    });
  });

  test.each([
    ["2022-08", { available: "34.4083", total_due: "0.00", plan: null }],
    ["2024-03", { available: "40.5083", total_due: "3.10", plan: { title: "pro" } }],
    ["2025-07", { available: "9.8083", total_due: "0.00", plan: { pricing: "per_user" } }],
    ["2025-11", { available: "52.10", total_due: "12.50", plan: { title: "Plus" } }],
    [
      "2026-08",
      {
        available: "37.3583",
        total_due: "4.20",
        plan: { name: "pro_2026", title: "Pro", price: "29.00" },
        monthly: { units: 1501, refreshes_at: "2026-12-11T15:30:00Z", allowance: "20.00" },
        updated_at: "2026-11-20T18:22:41Z",
      },
    ],
  ] as const)(
    "of a body of the generation %s has its amounts and plan",
    async (generation, view) => {
      worker.zoo.setGeneration(generation);
      expect(await viewOf(await ask(generation))).toMatchObject({ account: generation, ...view });
    },
  );
});

describe("the headers of a 200", () => {
  test("are those documented, and Date minus Age is as_of", async () => {
    const response = await ask("2026-08");
    const { headers } = response;
    const { as_of } = await viewOf(response);
    expect(headers.get("content-type")).toBe("application/json");
    expect(headers.get("etag")).toMatch(/^W\/"[^"]+"$/);
    expect(headers.get("vary")).toBe("Authorization");
    expect(headers.get("x-request-id")).toMatch(/^[\w.:-]{1,64}$/);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("age")).toMatch(/^\d+$/);
    // The whole freshness lifetime, of which Age is spent (RFC 9111, section 4.2).
    expect(headers.get("cache-control")).toBe("private, max-age=60");
    const form = /^zoo-balance; (?:hit|fwd=[a-z-]+); ttl=(\d+); detail=(?:memory|kv|object)$/;
    const ttl = form.exec(headers.get("cache-status") ?? "")?.[1];
    expect(Number(ttl)).toBeGreaterThanOrEqual(59 - Number(headers.get("age")));
    expect(Number(ttl)).toBeLessThanOrEqual(60 - Number(headers.get("age")));
    const date = Date.parse(headers.get("date") ?? "") - Number(headers.get("age")) * 1_000;
    expect(new Date(date).toISOString()).toBe(as_of.replace("Z", ".000Z"));
  });

  test("are those of the answer to HEAD, which has no body", async () => {
    const get = await ask("2026-08");
    const head = await ask("2026-08", {}, "HEAD");
    expect(head.status).toBe(200);
    expect(await head.text()).toBe("");
    expect(lasting(head)).toEqual(lasting(get));
    for (const name of ["date", "age", "cache-control", "cache-status", "x-request-id"]) {
      expect(head.headers.has(name), name).toBe(true);
    }
  });

  test.each(["req-42", "a.b:c_D-9", "x".repeat(64)])(
    "keep the request's X-Request-Id %s",
    async (id) => {
      expect((await ask("2026-08", { "x-request-id": id })).headers.get("x-request-id")).toBe(id);
    },
  );

  test.each(["", "x".repeat(65), "a b", '{"a":1}', "<script>", "a,b", "é"])(
    "replace the request's X-Request-Id %j",
    async (id) => {
      const { headers } = await ask("2026-08", { "x-request-id": id });
      expect(headers.get("x-request-id")).not.toBe(id);
      expect(headers.get("x-request-id")).toMatch(/^[\w-]{16,64}$/);
    },
  );

  test("have Cloudflare's ray for a request without an X-Request-Id", async () => {
    const ray = "8f1c2d3e4a5b6c7d-FRA";
    const { headers } = await ask("2026-08", { "cf-ray": ray });
    expect(headers.get("x-request-id")).toBe(ray);
  });
});

describe("If-None-Match", () => {
  test.each([
    ["the tag", (tag: string) => tag],
    ["its strong form", (tag: string) => tag.replace("W/", "")],
    ["a list", (tag: string) => `"other", ${tag}, W/"more"`],
    ["a star", () => "*"],
  ])("with %s is answered 304 with the same headers and no body", async (_, form) => {
    const full = await ask("2026-08");
    const etag = full.headers.get("etag") ?? "";
    // Without a Cache-Control of its own, fetch would add "no-cache" to a conditional request.
    const polite = { "cache-control": "max-age=60" };
    const response = await ask("2026-08", { ...polite, "if-none-match": form(etag) });
    expect(response.status).toBe(304);
    expect(await response.text()).toBe("");
    // A 304 has no content to say the type of (RFC 9110, section 15.4.5).
    const { "content-type": _type, ...ofFull } = lasting(full);
    expect(lasting(response)).toEqual(ofFull);
    const { as_of } = await viewOf(full);
    const { headers } = response;
    expect(headers.get("cache-control")).toMatch(/^private, max-age=\d+$/);
    expect(headers.get("cache-status")).toMatch(/^zoo-balance; hit; ttl=/);
    const date = Date.parse(headers.get("date") ?? "") - Number(headers.get("age")) * 1_000;
    expect(new Date(date).toISOString()).toBe(as_of.replace("Z", ".000Z"));
  });

  test.each(['"other"', 'W/"other", "more"', "", "nonsense"])(
    "with %j does not match, and the whole view is answered",
    async (tag) => {
      expect((await ask("2026-08", { "if-none-match": tag })).status).toBe(200);
    },
  );

  test("with a tag matches after a refresh that brings the same balance, not after one that brings another", async () => {
    const first = await ask("etag");
    const etag = first.headers.get("etag") ?? "";
    const { as_of } = await viewOf(first);
    const pull = { "cache-control": "no-cache" };
    const renewed = async () => (await viewOf(await ask("etag", pull))).as_of !== as_of;
    await expect.poll(renewed, { interval: 100 }).toBe(true);
    expect((await ask("etag", { "if-none-match": etag })).status).toBe(304);

    worker.zoo.setGeneration("documented");
    const changed = async () => (await viewOf(await ask("etag", pull))).available === "146.72";
    await expect.poll(changed, { interval: 100 }).toBe(true);
    const after = await ask("etag", { "if-none-match": etag });
    expect(after.status).toBe(200);
    expect(after.headers.get("etag")).not.toBe(etag);
  });
});

test("a call to Zoo carries the token, who asks and what for, and nothing of the caller", async () => {
  const { zoo } = worker;
  await viewOf(await ask("team", { "x-request-id": "from-the-caller", cookie: "a=b" }));
  expect(zoo.balanceRequests).toHaveLength(1);
  const [seen] = zoo.balanceRequests;
  expect(seen?.path).toBe("/user/payment/balance?include_total_due=true");
  expect(seen?.headers).toMatchObject({
    authorization: `Bearer ${zoo.token}`,
    accept: "application/json",
    "user-agent": expect.stringMatching(/^zoo-balance-proxy\//),
  });
  expect(seen?.headers.cookie).toBeUndefined();
  expect(JSON.stringify(seen)).not.toContain("from-the-caller");
});

test("with ZOO_INCLUDE_TOTAL_DUE off the amount due is not asked for, and an organisation has its own path", async () => {
  await using other = await startWorker((zoo) => ({
    ...accountVars(zoo, { team: "org" }),
    ZOO_INCLUDE_TOTAL_DUE: "false",
  }));
  const response = await other.balance(await callerOf(other.zoo, "team"));
  expect(await viewOf(response)).toMatchObject({ available: "37.3583", total_due: null });
  expect(other.zoo.balanceRequests.map(({ path }) => path)).toEqual(["/org/payment/balance"]);
});
