/** `GET /v1/balance/history` of a started Worker, with its clock moved forward. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Chaos, startChaos } from "./chaos.ts";
import { conform } from "./conform.ts";
import { expectProblem } from "./problems.ts";

interface History {
  readonly account: string;
  readonly from: string;
  readonly to: string;
  readonly points: readonly {
    readonly at: string;
    readonly available: string;
    readonly total_due: string | null;
  }[];
  readonly spend_per_day: string | null;
  readonly lasts_until: string | null;
  readonly forecast_reason: string | null;
  readonly days: readonly { readonly day: string; readonly spent: string }[];
}

const DAY_MS = 86_400_000;
let chaos: Chaos;
let token: string;
beforeAll(async () => {
  chaos = await startChaos({ accounts: { other: "ZOO_API_TOKEN", new: "ZOO_API_TOKEN" } });
  token = await sign({ account: "default" });
  // Ten days of 1.00 a day; then 10.00 are left.
  for (let day = 0; day <= 10; day++) {
    chaos.zoo.setBody(
      JSON.stringify({
        monthly_api_credits_remaining_monetary_value: "5.00",
        stable_api_credits_remaining_monetary_value: `${15 - day}.00`,
        updated_at: "2026-11-20T18:22:41Z",
      }),
    );
    expect((await chaos.balance("default")).status).toBe(200);
    await chaos.move(DAY_MS);
  }
  await chaos.balance("other");
});
afterAll(() => chaos[Symbol.asyncDispose]());

/** Longer than any time that is moved. */
const sign = (claims: object) =>
  chaos.zoo.signToken({ ...claims }, { expiresIn: (90 * DAY_MS) / 1_000 });

async function ask(
  query = "",
  headers: Record<string, string> = {},
  method = "GET",
): Promise<Response> {
  const response = await fetch(`${chaos.url}/v1/balance/history${query}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...headers },
  });
  if (method === "GET") await conform("get", "/v1/balance/history", response);
  return response;
}
const historyOf = async (query?: string) => (await (await ask(query)).json()) as History;

test("the history has its points, the spending, the days and when nothing will be left", async () => {
  const history = await historyOf();
  expect(history).toMatchObject({ account: "default", forecast_reason: null });
  expect(history.points.map(({ available }) => available)).toEqual(
    Array.from({ length: 11 }, (_, day) => `${20 - day}.00`),
  );
  expect(history.points[0]?.total_due).toBeNull();
  // In the last 7 days 6.00 or 7.00, as the last fall of the week is just in it or not.
  expect(Number(history.spend_per_day)).toBeGreaterThan(0.85);
  expect(Number(history.spend_per_day)).toBeLessThan(1.01);
  const daysLeft = (Date.parse(history.lasts_until ?? "") - Date.parse(history.to)) / DAY_MS;
  expect(daysLeft).toBeCloseTo(10 / Number(history.spend_per_day), 1);
  // The first point fell from nothing; ten falls of 1.00 after it, a day apart.
  expect(history.days.filter(({ spent }) => spent === "1.00")).toHaveLength(10);
  expect(history.days.at(-1)?.day).toBe(history.to.slice(0, 10));
});

test("the history covers as many days as are asked for", async () => {
  const { from, to, points } = await historyOf("?days=3");
  expect(Date.parse(to) - Date.parse(from)).toBe(3 * DAY_MS);
  expect(points.length).toBeGreaterThanOrEqual(2);
  expect(points.length).toBeLessThanOrEqual(3);
  expect((await historyOf("?days=400")).points).toHaveLength(11);
});

test.each(["0", "401", "-1", "1.5", "", "x", "030", "1e2", "9".repeat(40)])(
  "the parameter days=%s is refused",
  async (days) => {
    await expectProblem(await ask(`?days=${days}`), 400, "invalid_parameter");
  },
);

test("a conditional request is answered with 304 until a point comes", async () => {
  const etag = (await ask()).headers.get("etag") ?? "";
  expect(etag).toMatch(/^W\//);
  const unchanged = await ask("", { "if-none-match": etag });
  expect(unchanged.status).toBe(304);
  expect((await ask("?days=3", { "if-none-match": etag })).status).toBe(200);
});

test("a repeated question is answered from the isolate's memory, with its age, until it is no longer fresh", async () => {
  const first = await ask("?days=20");
  expect(first.headers.get("cache-status")).toMatch(/^zoo-balance; fwd=uri-miss; .*detail=object$/);
  const again = await ask("?days=20");
  expect(again.headers.get("cache-status")).toMatch(/^zoo-balance; hit; ttl=\d+; detail=memory$/);
  expect(again.headers.get("cache-control")).toBe("private, max-age=60");
  expect(Number(again.headers.get("age"))).toBeLessThanOrEqual(60);
  expect(await again.text()).toBe(await first.text());
  const forced = await ask("?days=20", { "cache-control": "no-cache" });
  expect(forced.headers.get("cache-status")).toContain("fwd=request");
  expect(forced.headers.get("age")).toBe("0");
  expect(forced.headers.get("etag")).toBe(first.headers.get("etag"));
});

test("the history answers HEAD, and no other method", async () => {
  const head = await ask("", {}, "HEAD");
  expect(head.status).toBe(200);
  expect(await head.text()).toBe("");
  const post = await ask("", {}, "POST");
  await expectProblem(post, 405, "method_not_allowed");
  expect(post.headers.get("allow")).toBe("GET, HEAD");
});

describe("the history is shown", () => {
  test("to nobody without a credential", async () => {
    const response = await fetch(`${chaos.url}/v1/balance/history`);
    await expectProblem(response, 401, "missing_credentials");
  });

  test("not to a caller with the scope balance:status alone", async () => {
    const narrow = await sign({ account: "default", scope: "balance:status" });
    const response = await ask("", { authorization: `Bearer ${narrow}` });
    await expectProblem(response, 403, "insufficient_scope");
  });

  test("to each account as its own, also to one without any", async () => {
    for (const [account, points] of [
      ["other", 1],
      ["new", 0],
    ] as const) {
      const authorization = `Bearer ${await sign({ account })}`;
      const history = (await (await ask("", { authorization })).json()) as History;
      expect(history).toMatchObject({ account, forecast_reason: "not_enough_history" });
      expect(history.points).toHaveLength(points);
    }
  });
});

test("an object that restarts has lost no point", async () => {
  await chaos.restart("default");
  expect((await historyOf()).points).toHaveLength(11);
});

test("an object that cannot be reached gives 503 and when to try again", async () => {
  const response = await ask("", { "x-chaos-object": "throwing" });
  await expectProblem(response, 503, "upstream_unavailable");
  expect(response.headers.get("retry-after")).toBe("5");
});
