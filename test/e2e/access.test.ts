/** Whether Zoo lets the account work: read beside the balance, and never at its cost. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PRIVATE } from "../zoo/account.ts";
import type { Fault } from "../zoo/faults.ts";
import { textOf } from "./files.ts";
import { accountVars, callerOf, type StartedWorker, startWorker } from "./worker.ts";

const WORDS = [
  "missing_payment_method",
  "payment_method_failed",
  "billing_threshold_reached",
  "pay_as_you_go_disabled",
  "upgrade_downgrade_abuse",
  "admin",
  "a_word_of_next_year",
];
const MEMBERS: readonly [string, Record<string, unknown>, unknown, unknown, string | null][] = [
  ["a null block", { block: null, allow_pay_as_you_go: false }, null, false, null],
  ["no block at all", { allow_pay_as_you_go: true }, null, true, null],
  ["no pay-as-you-go", { block: null }, null, null, null],
  ["a block that is a number", { block: 5, allow_pay_as_you_go: true }, null, null, "block"],
  ["a block of 65 characters", { block: "x".repeat(65) }, null, null, "block"],
  ["pay-as-you-go that is text", { allow_pay_as_you_go: "yes" }, null, null, "allow_pay_as_you_go"],
];
const FAULTS: readonly [string, Fault, string][] = [
  ["no permission", { kind: "status", status: 403 }, "status 403"],
  ["a refused token", { kind: "status", status: 401 }, "status 401"],
  ["an error", { kind: "status", status: 500 }, "status 500"],
  ["no answer", { kind: "hang" }, "timeout"],
  ["a connection that breaks", { kind: "reset" }, "network"],
  ["a huge body", { kind: "oversize" }, "too_large"],
  ["HTML", { kind: "html" }, "not a JSON object"],
  ["a redirect", { kind: "redirect" }, "status 302"],
];
const name = (text: string) => text.replaceAll(/[^a-z0-9]/gi, "-");
const ACCOUNTS = [...WORDS, ...MEMBERS.map(([of]) => name(of)), ...FAULTS.map(([of]) => name(of))];

let worker: StartedWorker;
beforeAll(async () => {
  worker = await startWorker((zoo) =>
    accountVars(zoo, {
      ...Object.fromEntries(ACCOUNTS.map((account) => [account, "user" as const])),
      team: "org",
    }),
  );
});
afterAll(() => worker.close());

async function viewOf(account: string): Promise<Record<string, unknown>> {
  const response = await worker.balance(await callerOf(worker.zoo, account));
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}
const driftOf = (account: string) =>
  worker.logs
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => line.event === "upstream_drift" && line.account === account)
    .flatMap((line) => line.drift as { field: string; type: string }[]);

test.each(WORDS)(
  "an account that Zoo blocks with %s has the status blocked, and its balance",
  async (word) => {
    worker.zoo.account.setMembers({ block: word, allow_pay_as_you_go: true });
    expect(await viewOf(word)).toMatchObject({
      status: "blocked",
      blocked: word,
      pay_as_you_go: true,
      available: "37.3583",
    });
    expect(driftOf(word)).toEqual([]);
  },
);

test.each(MEMBERS)(
  "%s costs the balance nothing",
  async (of, members, blocked, payAsYouGo, drift) => {
    worker.zoo.account.setMembers(members);
    expect(await viewOf(name(of))).toMatchObject({
      status: "ok",
      blocked,
      pay_as_you_go: payAsYouGo,
      available: "37.3583",
    });
    expect(driftOf(name(of)).map(({ field }) => field)).toEqual(drift === null ? [] : [drift]);
  },
);

describe.each(FAULTS)("%s in the place of the account", (of, fault, type) => {
  test("gives null and a line of drift, and the balance all the same", async () => {
    worker.zoo.account.setFault(fault);
    const view = await viewOf(name(of));
    worker.zoo.account.setFault(null);
    expect(view).toMatchObject({ blocked: null, pay_as_you_go: null, available: "37.3583" });
    expect(driftOf(name(of))).toEqual([{ field: "(user)", type }]);
  });
});

test("an organisation is asked at /org, and has no pay-as-you-go", async () => {
  worker.zoo.account.reset();
  worker.zoo.account.setMembers({ block: "admin", allow_pay_as_you_go: true });
  expect(await viewOf("team")).toMatchObject({ blocked: "admin", pay_as_you_go: null });
  expect(worker.zoo.account.requests.map(({ path }) => path)).toEqual(["/org"]);
  expect(worker.zoo.account.requests[0]?.headers.authorization).toBe(`Bearer ${worker.zoo.token}`);
});

test("nothing else of the account is in an answer, a line or a store", async () => {
  const view = JSON.stringify(await viewOf("team"));
  const { text } = await textOf(worker.storage);
  for (const secret of Object.values(PRIVATE)) {
    expect(view).not.toContain(secret);
    expect(worker.logs.join("\n")).not.toContain(secret);
    expect(text).not.toContain(secret);
  }
});

test("ZOO_INCLUDE_BLOCK off: the account is not asked for, and both are null", async () => {
  await using other = await startWorker({ ZOO_INCLUDE_BLOCK: "false" });
  const view = (await (await other.balance()).json()) as Record<string, unknown>;
  expect(view).toMatchObject({ blocked: null, pay_as_you_go: null });
  expect(other.zoo.account.requests).toEqual([]);
});
