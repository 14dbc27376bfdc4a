import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountVars, type StartedWorker, startWorker } from "./worker.ts";

const ORIGINS = ["capacitor://localhost", "https://localhost", "https://app.example.com:8443"];
const OTHERS = [
  "https://app.example.com",
  "http://localhost",
  "https://localhost.example.com",
  "https://app.example.com:8443.evil.example",
  "capacitor://localhost:1",
  "CAPACITOR://LOCALHOST",
  "null",
  "*",
];

let worker: StartedWorker;
let without: StartedWorker;
beforeAll(async () => {
  worker = await startWorker((zoo) => ({
    ...accountVars(zoo, { default: "user" }),
    ACCOUNTS: JSON.stringify({ dead: { token: "DEAD_TOKEN" } }),
    DEAD_TOKEN: "revoked-at-zoo",
    CORS_ORIGINS: JSON.stringify(ORIGINS),
  }));
  without = await startWorker();
});
afterAll(() => Promise.all([worker.close(), without.close()]));

const bearer = (claims: object) =>
  worker.zoo.signToken({ ...claims }).then((token) => ({ authorization: `Bearer ${token}` }));
const preflight = (origin: string, { url } = worker) =>
  fetch(`${url}/v1/balance`, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "GET",
      "access-control-request-headers": "authorization,if-none-match",
    },
  });
const corsHeaders = ({ headers }: Response) =>
  [...headers].filter(([name]) => name.startsWith("access-control-"));
const vary = ({ headers }: Response) => headers.get("vary")?.toLowerCase().split(/, */) ?? [];

describe.each(ORIGINS)("the listed origin %s", (origin) => {
  test("gets its preflight answered", async () => {
    const response = await preflight(origin);
    expect(response.status).toBe(204);
    expect(await response.text()).toBe("");
    const list = (name: string) => response.headers.get(name)?.toLowerCase().split(/, */);
    expect(response.headers.get("access-control-allow-origin")).toBe(origin);
    expect(list("access-control-allow-methods")).toEqual(["get", "head"]);
    expect(list("access-control-allow-headers")).toEqual(
      expect.arrayContaining(["authorization", "if-none-match", "cache-control"]),
    );
    expect(response.headers.get("access-control-allow-credentials")).toBeNull();
    expect(vary(response)).toContain("origin");
    expect(worker.zoo.balanceRequests).toHaveLength(0);
  });
});

describe("an answer", () => {
  test("can be read by a listed origin, be it a 200, a 304 or an error", async () => {
    const [origin = ""] = ORIGINS;
    const full = await worker.balance({ origin, ...(await bearer({ account: "default" })) });
    const etag = full.headers.get("etag") ?? "";
    const own = await bearer({ account: "default" });
    const polite = { origin, ...own, "if-none-match": etag, "cache-control": "max-age=60" };
    const answers = [
      full,
      await worker.balance(polite),
      await worker.balance({ origin, authorization: "Bearer x" }),
      await fetch(`${worker.url}/nothing`, { headers: { origin } }),
      await fetch(`${worker.url}/v1/balance`, { method: "POST", headers: { origin } }),
      await worker.balance({ origin, ...(await bearer({ account: "nobody" })) }),
      await worker.balance({ origin, ...(await bearer({ account: "dead" })) }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 304, 401, 404, 405, 403, 502]);
    for (const response of answers) {
      expect(response.headers.get("access-control-allow-origin")).toBe(origin);
      const exposed = response.headers.get("access-control-expose-headers")?.toLowerCase();
      expect(exposed).toContain("etag");
      expect(exposed).toContain("retry-after");
      expect(vary(response)).toContain("origin");
    }
    expect(vary(full)).toContain("authorization");
    expect(vary(answers[1] ?? full)).toContain("authorization");
  });

  test.each(OTHERS)(
    "to the origin %s, which is not listed, has nothing of CORS but Vary",
    async (origin) => {
      const answers = [
        await worker.balance({ origin, ...(await bearer({ account: "default" })) }),
        await worker.balance({ origin, authorization: "Bearer x" }),
        await preflight(origin),
      ];
      expect(answers.map(({ status }) => status)).toEqual([200, 401, 405]);
      for (const response of answers) {
        expect(corsHeaders(response)).toEqual([]);
        expect(vary(response)).toContain("origin");
      }
    },
  );

  test("to an OPTIONS that is no preflight is that to any method that is not allowed", async () => {
    const headers = { origin: ORIGINS[0] ?? "" };
    const response = await fetch(`${worker.url}/v1/balance`, { method: "OPTIONS", headers });
    expect(response.status).toBe(405);
  });
});

test("without CORS_ORIGINS no answer has anything of CORS", async () => {
  for (const origin of ORIGINS) {
    const [answer, asked] = [await without.balance({ origin }), await preflight(origin, without)];
    expect([answer.status, asked.status]).toEqual([200, 405]);
    expect(corsHeaders(answer).concat(corsHeaders(asked))).toEqual([]);
    expect(vary(answer)).toEqual(["authorization"]);
  }
});
