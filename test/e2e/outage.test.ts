/** An outage of Zoo, by each of its faults, under a clock that stands still but for what the test moves it. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Fault } from "../zoo/faults.ts";
import { type Chaos, startChaos } from "./chaos.ts";
import { expectProblem } from "./problems.ts";
import { viewOf } from "./view.ts";

interface Case {
  readonly name: string;
  readonly fault: Fault;
  readonly code: "upstream_unavailable" | "upstream_rejected" | "upstream_invalid";
}

const unavailable = (fault: Fault, name: string = fault.kind): Case => ({
  name,
  fault,
  code: "upstream_unavailable",
});
const status = (number: number) => unavailable({ kind: "status", status: number }, `s${number}`);
const invalid = (fault: Fault): Case => ({ name: fault.kind, fault, code: "upstream_invalid" });

const CASES: readonly Case[] = [
  unavailable({ kind: "latency", ms: 60_000 }),
  unavailable({ kind: "hang" }),
  unavailable({ kind: "hang-body" }),
  unavailable({ kind: "hold" }),
  unavailable({ kind: "redirect" }),
  unavailable({ kind: "reset" }),
  unavailable({ kind: "reset-body" }),
  ...[400, 404, 429, 500, 503].map(status),
  { ...status(401), code: "upstream_rejected" },
  { ...status(403), code: "upstream_rejected" },
  invalid({ kind: "garbage" }),
  invalid({ kind: "html" }),
  invalid({ kind: "truncated" }),
  invalid({ kind: "oversize" }),
  invalid({ kind: "empty" }),
];

/** Each case has an account with a stored value and one without, each with a token of its own. */
const ACCOUNTS = [
  ...CASES.flatMap(({ name }) => [`${name}-stored`, `${name}-empty`]),
  "long",
  "asked",
];
const secretOf = (account: string) => `TOKEN_${ACCOUNTS.indexOf(account)}`;
const tokenOf = (account: string) => `canary-zoo-${secretOf(account)}`;

/** Only the faults that hang take so long. */
const ZOO_TIMEOUT_MS = 4_000;

let chaos: Chaos;
beforeAll(async () => {
  chaos = await startChaos({
    accounts: Object.fromEntries(ACCOUNTS.map((account) => [account, secretOf(account)])),
    vars: {
      ...Object.fromEntries(ACCOUNTS.map((account) => [secretOf(account), tokenOf(account)])),
      ZOO_TIMEOUT_MS: `${ZOO_TIMEOUT_MS}`,
      STALE_WAIT_MS: "60000",
      ZOO_INCLUDE_BLOCK: "false",
    },
  });
  await chaos.freeze();
  for (const account of ACCOUNTS) chaos.zoo.setFault(null, tokenOf(account));
  for (const account of ACCOUNTS.filter((name) => !name.endsWith("-empty"))) {
    await viewOf(await chaos.balance(account));
  }
  // From here on every stored value waits for its refresh.
  await chaos.move(600_000);
  for (const { name, fault } of CASES) {
    for (const account of [`${name}-stored`, `${name}-empty`]) {
      chaos.zoo.setFault(fault, tokenOf(account));
    }
  }
  chaos.zoo.balanceRequests.length = 0;
});
afterAll(() => chaos[Symbol.asyncDispose]());

const attemptsOf = (account: string) =>
  chaos.zoo.balanceRequests.filter(
    ({ headers }) => headers.authorization === `Bearer ${tokenOf(account)}`,
  ).length;

/** The last failure of the account's refreshes, as the log tells it. */
function lastFailure(account: string): { failures: number; retry_in_ms: number } {
  const lines = chaos.logs
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => line.event === "refresh_failed" && line.account === account);
  return lines.at(-1) as { failures: number; retry_in_ms: number };
}

async function callersOf({ name, code }: Case): Promise<void> {
  const ask = (account: string) => [1, 2, 3].map(() => chaos.balance(account));
  const [served, refused] = await Promise.all([
    Promise.all(ask(`${name}-stored`)),
    Promise.all(ask(`${name}-empty`)),
  ]);
  for (const answer of served) {
    expect(await viewOf(answer), name).toMatchObject({
      available: "37.3583",
      stale: true,
      stale_reason: code,
    });
    expect(answer.headers.get("cache-control")).toBe("private, max-age=60");
  }
  for (const answer of refused) {
    await expectProblem(answer, code === "upstream_unavailable" ? 503 : 502, code);
    expect(answer.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
  }
}

test("every fault of Zoo has its reason, and nobody with a stored value gets an error", async () => {
  for (let round = 0; round < 10; round++) {
    await Promise.all(CASES.map(callersOf));
    await chaos.move(130);
  }
  expect(chaos.zoo.leaked).toBe(false);
  for (const account of ACCOUNTS.filter((name) => /-(stored|empty)$/.test(name))) {
    // The second attempt is due 1 to 1.25 s after the first: in the ninth or tenth round, or just not yet.
    expect(attemptsOf(account), account).toBeGreaterThanOrEqual(1);
    expect(attemptsOf(account), account).toBeLessThanOrEqual(2);
  }
});

test("a long outage backs off further and further, then recovers by itself", async () => {
  chaos.zoo.setFault({ kind: "status", status: 503 }, tokenOf("long"));
  const ask = async () => viewOf(await chaos.balance("long"));
  for (let failures = 1; failures <= 4; failures++) {
    expect(await ask()).toMatchObject({ stale: true, stale_reason: "upstream_unavailable" });
    expect(attemptsOf("long")).toBe(failures);
    const { retry_in_ms, ...last } = lastFailure("long");
    expect(last.failures).toBe(failures);
    expect(retry_in_ms).toBeGreaterThanOrEqual(1_000 * 2 ** (failures - 1));
    expect(retry_in_ms).toBeLessThanOrEqual(1_250 * 2 ** (failures - 1));
    await chaos.move(retry_in_ms - 1);
    expect(await ask()).toMatchObject({ stale: true });
    expect(attemptsOf("long")).toBe(failures);
    await chaos.move(1);
  }
  chaos.zoo.setFault(null, tokenOf("long"));
  chaos.zoo.setGeneration("documented");
  expect(await ask()).toMatchObject({ available: "146.72", stale_reason: null });
  expect(attemptsOf("long")).toBe(5);
});

test("a Retry-After of Zoo's is respected to the second", async () => {
  const limited = { kind: "status", status: 429, headers: { "retry-after": "30" } } as const;
  chaos.zoo.setFault(limited, tokenOf("asked"));
  const ask = async () => viewOf(await chaos.balance("asked"));
  await ask();
  expect(lastFailure("asked").retry_in_ms).toBe(30_000);
  await chaos.move(29_999);
  await ask();
  expect(attemptsOf("asked")).toBe(1);
  await chaos.move(1);
  await ask();
  expect(attemptsOf("asked")).toBe(2);
});
