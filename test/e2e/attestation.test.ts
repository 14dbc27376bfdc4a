/** Firebase App Check, with tokens as Firebase signs them, from a key set of the stand-in's. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Zoo } from "../zoo/server.ts";
import { expectProblem } from "./problems.ts";
import { viewOf } from "./view.ts";
import { type StartedWorker, startWorker } from "./worker.ts";

const PROJECT = "123456789012";
const APP = "1:123456789012:ios:abcdef0123456789";

const startWith = (mode: string) =>
  startWorker(({ jwksUrl }) => ({
    APP_CHECK: JSON.stringify({
      project_number: PROJECT,
      app_ids: ["1:123456789012:android:aa", APP],
      mode,
      jwks_url: jwksUrl,
    }),
  }));

const workers: Record<"off" | "observe" | "enforce", StartedWorker> = Object.create(null);
const MODES = ["off", "observe", "enforce"] as const;
beforeAll(async () => {
  for (const mode of MODES) workers[mode] = await startWith(mode);
});
afterAll(() => Promise.all(MODES.map((mode) => workers[mode].close())));

const CLAIMS = {
  iss: `https://firebaseappcheck.googleapis.com/${PROJECT}`,
  aud: [`projects/${PROJECT}`, "projects/my-project"],
  sub: APP,
};
const appCheck = (zoo: Zoo, claims: object = {}, options: object = {}) =>
  zoo.signToken({ ...CLAIMS, ...claims }, { alg: "RS256", ...options });

type Make = (zoo: Zoo) => Promise<string> | string;
const BAD: readonly (readonly [string, string, Make | null])[] = [
  ["none", "missing", null],
  ["not a token", "malformed", () => "x"],
  ["an SDK's placeholder", "sdk_placeholder", () => btoa('{"error":"UNKNOWN_ERROR"}')],
  ["base64 of other JSON", "malformed", () => btoa('{"token":"UNKNOWN_ERROR"}')],
  ["the caller's own token", "issuer", (zoo) => zoo.signToken()],
  ["another algorithm", "algorithm", (zoo) => appCheck(zoo, {}, { alg: "ES256" })],
  ["another project", "issuer", (zoo) => appCheck(zoo, { iss: CLAIMS.iss.replace("1", "2") })],
  ["another audience", "audience", (zoo) => appCheck(zoo, { aud: ["projects/1"] })],
  ["another app", "app_id", (zoo) => appCheck(zoo, { sub: "1:123456789012:web:00" })],
  ["expired", "expired", (zoo) => appCheck(zoo, {}, { expiresIn: -60 })],
  ["unknown key", "unknown_key", (zoo) => appCheck(zoo, {}, { header: { kid: "x" } })],
  [
    "a signature cut short",
    "signature",
    async (zoo) => (await appCheck(zoo)).replace(/\.[^.]*$/, ".AAAA"),
  ],
  ["5 KiB", "too_large", (zoo) => appCheck(zoo, { padding: "x".repeat(5_000) })],
];

let asked = 0;
async function ask({ balance, zoo }: StartedWorker, make: Make | null) {
  const id = `attest-${++asked}`;
  const token = make === null ? null : await make(zoo);
  const header = token === null ? {} : { "x-firebase-appcheck": token };
  // A caller of its own for each: of one caller's failures only some are logged.
  const authorization = `Bearer ${await zoo.signToken({ sub: id })}`;
  return { id, response: await balance({ "x-request-id": id, authorization, ...header }) };
}

async function reasonOf({ logs }: StartedWorker, id: string): Promise<unknown> {
  const line = () => logs.find((text) => text.includes(`"${id}"`)) ?? "";
  await expect.poll(line).toContain("reason");
  return JSON.parse(line()).reason;
}

describe("a request with a good App Check token", () => {
  test.each(MODES)("is served in mode %s", async (mode) => {
    const { response } = await ask(workers[mode], appCheck);
    expect(await viewOf(response)).toMatchObject({ account: "default" });
  });
});

describe.each(BAD)("an App Check token that is bad: %s (%s)", (_, reason, make) => {
  test("is not looked at in mode off", async () => {
    const { response } = await ask(workers.off, make);
    expect(response.status).toBe(200);
    expect(workers.off.logs.join("\n")).not.toContain(`"event":"attestation_failed"`);
  });

  test("is logged and served in mode observe", async () => {
    const { id, response } = await ask(workers.observe, make);
    expect(response.status).toBe(200);
    expect(await reasonOf(workers.observe, id)).toBe(reason);
  });

  test("is refused and logged in mode enforce", async () => {
    const { zoo } = workers.enforce;
    const calls = zoo.balanceRequests.length;
    const { id, response } = await ask(workers.enforce, make);
    await expectProblem(response, 403, "attestation_failed");
    expect(await reasonOf(workers.enforce, id)).toBe(reason);
    expect(zoo.balanceRequests).toHaveLength(calls);
  });
});

describe("when Firebase's keys cannot be had", () => {
  test("a request is served in mode observe, and answered 503 in mode enforce", async () => {
    const app_check = (mode: string) => ({
      APP_CHECK: JSON.stringify({
        project_number: PROJECT,
        app_ids: [APP],
        mode,
        jwks_url: "http://127.0.0.1:1/jwks",
      }),
    });
    await using observing = await startWorker(app_check("observe"));
    await using enforcing = await startWorker(app_check("enforce"));
    expect((await ask(observing, appCheck)).response.status).toBe(200);
    const { response } = await ask(enforcing, appCheck);
    await expectProblem(response, 503, "upstream_unavailable");
    expect(response.headers.get("retry-after")).toMatch(/^[1-9]/);
  });
});

test("an App Check token does not replace the credential", async () => {
  const { url, zoo } = workers.enforce;
  const token = await appCheck(zoo);
  const answers = [
    await fetch(`${url}/v1/balance`, { headers: { "x-firebase-appcheck": token } }),
    await fetch(`${url}/v1/balance`, { headers: { authorization: `Bearer ${token}` } }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([401, 401]);
});
