/** The states of the account that `npm run dev` can show: `DEMO=low npm run dev`, or a word typed while it runs. */
import { join } from "node:path";
import { createInterface } from "node:readline";
import { balanceBody } from "./bodies.ts";
import { keptKey } from "./kept-key.ts";
import { NEXT_CREDITS_DAYS } from "./past.ts";
import { startZoo, type Zoo } from "./server.ts";
import { STATE } from "./state.ts";

/** The stand-in's port, counted from the Worker's. */
const ZOO_PORT_OFFSET = 100;

/** Below the Worker's deadline for Zoo, and long enough to be seen. */
const SLOW_MS = 2_000;

const DAY_MS = 86_400_000;

const SCENES: Readonly<Record<string, (zoo: Zoo) => void>> = {
  ok: () => undefined,
  low: (zoo) => zoo.setBody(bodyWith(1.5, 3.25)),
  exhausted: (zoo) => zoo.setBody(bodyWith(0, 0)),
  contract: (zoo) => zoo.setBody(contractBody()),
  blocked: (zoo) =>
    zoo.account.setMembers({ block: "payment_method_failed", allow_pay_as_you_go: false }),
  failing: (zoo) => zoo.setFault({ kind: "status", status: 503 }),
  refusing: (zoo) => zoo.setFault({ kind: "status", status: 401 }),
  unreadable: (zoo) => zoo.setFault({ kind: "html" }),
  slow: (zoo) => zoo.setFault({ kind: "latency", ms: SLOW_MS }),
};

export const SCENE_NAMES = Object.keys(SCENES).join(", ");

/**
 * The same port at every start: what is stored belongs to Zoo's address, and history goes on with it.
 * Where that port is taken, any other.
 */
export async function startStandIn(port: number): Promise<Zoo> {
  const usual = port + ZOO_PORT_OFFSET;
  const key = await keptKey(join(STATE, "demo-key.json"));
  try {
    return await startZoo({ key, port: usual <= 65_535 ? usual : port - ZOO_PORT_OFFSET });
  } catch (error) {
    const taken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    if (!taken) throw error;
    console.error(`Port ${usual} is in use: the stand-in takes another, and history begins anew.`);
    return startZoo({ key });
  }
}

/** Begins with a healthy account, so that scenes do not add up. @returns whether there is such a scene */
export function playScene(zoo: Zoo, name: string): boolean {
  const scene = Object.hasOwn(SCENES, name) ? SCENES[name] : undefined;
  if (scene === undefined) return false;
  zoo.reset();
  zoo.setBody(bodyWith());
  scene(zoo);
  return true;
}

/** Takes scenes from the terminal, a line each. @param seen what an app sees now */
export function takeScenes(zoo: Zoo, seen: () => Promise<string>): void {
  createInterface({ input: process.stdin, terminal: false }).on("line", (line) => {
    const name = line.trim();
    if (name === "") return;
    if (!playScene(zoo, name)) console.log(`No scene "${name}". There are: ${SCENE_NAMES}`);
    else {
      seen()
        .then((words) => console.log(`Zoo is now: ${name}. An app sees: ${words}`))
        .catch((error: unknown) => console.error(`Zoo is now: ${name}. ${String(error)}`));
    }
  });
}

/** Of the account whose past is in the history: its next credits are as far away as they should be. */
function bodyWith(monthly?: number, prepaid?: number): string {
  const refreshAt = new Date(Date.now() + NEXT_CREDITS_DAYS * DAY_MS).toISOString();
  return JSON.stringify({
    ...balanceBody("2026-08", { includeTotalDue: true }),
    monthly_api_credits_refresh_at: refreshAt,
    ...(monthly !== undefined && creditsOf("monthly", monthly)),
    ...(prepaid !== undefined && creditsOf("stable", prepaid)),
  });
}

/** @param usd which are so many of Zoo's credits */
const creditsOf = (kind: "monthly" | "stable", usd: number) => ({
  [`${kind}_api_credits_remaining_monetary_value`]: usd,
  [`${kind}_api_credits_remaining`]: Math.round(usd / 0.0083),
});

/** On a contract with nothing available: only then the balance is not what limits the account. */
function contractBody(): string {
  return JSON.stringify({
    ...balanceBody("documented"),
    monthly_credits_remaining: 0,
    pre_pay_cash_remaining: 0,
    pre_pay_credits_remaining: 0,
  });
}
