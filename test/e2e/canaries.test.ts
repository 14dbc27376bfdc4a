/** What must not get out is searched for in everything that gets out or stays behind. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { newApiKey } from "../../src/callers/api-key/format.ts";
import { PAYMENT_SECRET } from "../zoo/bodies.ts";
import type { Fault } from "../zoo/faults.ts";
import { createKey } from "./api-keys.ts";
import { textOf } from "./files.ts";
import { accountVars, callerOf, type StartedWorker, startWorker } from "./worker.ts";

const FAULTS: readonly Fault[] = [
  { kind: "status", status: 401, body: `{"message":"${PAYMENT_SECRET}"}` },
  { kind: "status", status: 500, body: PAYMENT_SECRET },
  { kind: "truncated" },
  { kind: "redirect" },
  { kind: "reset-body" },
];
/** Of the balance that is served. */
const AMOUNTS = ["12.4583", "24.9", "37.3583", "4.2", "1501", "3000"];

const answers: string[] = [];
const credentials: string[] = [];
let worker: StartedWorker;

beforeAll(async () => {
  const names = ["good", "odd", ...FAULTS.map((_, n) => `bad-${n}`)];
  worker = await startWorker((zoo) => ({
    ...accountVars(zoo, Object.fromEntries(names.map((name) => [name, "user" as const]))),
    APP_CHECK: JSON.stringify({
      project_number: "1",
      app_ids: ["1:1:ios:a"],
      mode: "observe",
      jwks_url: zoo.jwksUrl,
    }),
  }));
  const { zoo } = worker;
  const ask = async (authorization: string, headers: Record<string, string> = {}) => {
    credentials.push(authorization.replace("Bearer ", ""));
    const response = await worker.balance({ authorization, ...headers });
    answers.push(JSON.stringify([...response.headers]) + (await response.text()));
  };
  const askFor = async (account: string) => ask((await callerOf(zoo, account)).authorization);

  zoo.setGeneration("2026-08");
  await askFor("good");
  await askFor("good");
  // Drift is reported: its report must hold names and types only.
  zoo.setBody(
    JSON.stringify({
      monthly_api_credits_remaining_monetary_value: "12.4583",
      stable_api_credits_remaining_monetary_value: "24.9",
      total_due: { secret: PAYMENT_SECRET },
      subscription_details: { action_client_secret: PAYMENT_SECRET, modeling_app: PAYMENT_SECRET },
      updated_at: "2026-11-20T18:22:41Z",
      [PAYMENT_SECRET]: 1,
    }),
  );
  await askFor("odd");
  zoo.setBody(null);
  for (const [n, fault] of FAULTS.entries()) {
    zoo.setFault(fault);
    await askFor(`bad-${n}`);
  }
  zoo.setFault(null);
  await ask(`Bearer ${await zoo.signToken({ account: "good" }, { header: { kid: "unknown" } })}`);
  await ask(`Bearer ${await zoo.signToken({ account: "nobody" })}`);
  await ask("Bearer canary-that-is-no-token");
  const apiKey = await createKey(worker, { account: "good" });
  const unknownKey = await newApiKey();
  await ask(`Bearer ${apiKey}`);
  await ask(`Bearer ${unknownKey}`);
  await ask(`Bearer ${apiKey}`, { "x-request-id": apiKey, "x-firebase-appcheck": unknownKey });
  await ask(`Bearer ${apiKey}`, { "x-request-id": `key:${apiKey}` });
});
afterAll(() => worker.close());

function secretsIn(text: string): string[] {
  // The parts too: a log line with a token's payload alone would tell who the user is.
  const parts = credentials.flatMap((credential) => [
    credential,
    ...credential.split(".").slice(1),
  ]);
  return [PAYMENT_SECRET, worker.zoo.token, ...parts].filter((secret) => text.includes(secret));
}

test("no answer holds a secret", () => {
  const text = answers.join("\n");
  expect(answers).toHaveLength(credentials.length);
  expect(text).toContain("37.3583");
  expect(text).toContain("upstream_rejected");
  expect(secretsIn(text)).toEqual([]);
  expect(secretsIn(`${text} ${worker.zoo.token}`)).toEqual([worker.zoo.token]);
});

test("no log line holds a secret or an amount", async () => {
  const text = () => worker.logs.join("\n");
  await expect.poll(text).toContain('"reason":"upstream_rejected"');
  await expect.poll(text).toContain('"event":"denied"');
  expect(text()).toContain('"event":"upstream_drift"');
  expect(secretsIn(text())).toEqual([]);
  const words = text().split(/[^\w.]+/);
  expect(AMOUNTS.filter((amount) => words.includes(amount))).toEqual([]);
});

test("no value in Workers KV holds a secret", async () => {
  const kv = await worker.runtime.getKVNamespace("BALANCE_KV");
  const names = async () => (await kv.list()).keys.map(({ name }) => name);
  await expect.poll(names).toContain("balance:good");
  let text = "";
  for (const name of await names()) {
    text += `${name} ${await kv.get(name)}\n`;
  }
  expect(text).toContain("37.3583");
  expect(secretsIn(text)).toEqual([]);
});

test("nothing on disk holds a secret: rows of the Durable Objects, their journals, KV's files", async () => {
  const { text, paths } = await textOf(worker.storage);
  // As the objects store them: the balance, and the issuer's keys.
  expect(paths.some((path) => path.includes("AccountBalance"))).toBe(true);
  expect(paths.some((path) => path.includes("IssuerKeys"))).toBe(true);
  expect(text).toContain("37.3583");
  expect(secretsIn(text)).toEqual([]);
});
