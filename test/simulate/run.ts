/** A scenario in virtual time, with the project's own code: the Worker and its Durable Objects as they are. */
import { registerHooks } from "node:module";
import { newApiKey } from "../../src/callers/api-key/format.ts";
import { sha256Hex } from "../../src/lib/digest.ts";
import { apiKeyRecord } from "../api-key-record.ts";
import { Edge } from "../world/edge.ts";
import { HOME } from "../world/latency.ts";
import type { Outcome } from "../world/report.ts";
import type { Scenario } from "../world/scenarios.ts";
import { type Ask, isApiKeyPerson, playVisits, until } from "../world/visitors.ts";
import { JITTER } from "../world/workers.ts";
import { createIssuer } from "../zoo/issuer.ts";
import { install, VirtualClock } from "./clock.ts";
import { quickenCrypto } from "./crypto.ts";
import { type ObjectClass, Platform } from "./platform.ts";

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "cloudflare:workers"
      ? next(new URL("./cloudflare-workers.ts", import.meta.url).href, context)
      : next(specifier, context),
});
const project = await import("../../src/index.ts");

/** A day begins at midnight. */
const START = Date.UTC(2026, 10, 23);
const ISSUER = "https://id.example.com";
const AUDIENCE = "zoo-balance-proxy";
const TOKEN_SECONDS = 10 * 86_400;

export async function simulate(scenario: Scenario): Promise<Outcome> {
  const apiKey = await newApiKey();
  const issuer = await createIssuer(ISSUER, AUDIENCE);
  const clock = new VirtualClock(START);
  const edge = new Edge(scenario, START);
  edge.store(`API_KEYS ${await sha256Hex(apiKey)}`, JSON.stringify(apiKeyRecord()));
  const jwksUrl = `${ISSUER}/jwks.json`;
  const platform = new Platform({
    edge,
    keySet: JSON.stringify(issuer.jwks),
    vars: {
      ZOO_API_TOKEN: "zoo_simulated",
      JWT_ISSUERS: JSON.stringify([{ issuer: ISSUER, audience: AUDIENCE, jwks_url: jwksUrl }]),
      ...scenario.vars,
    },
    classes: classesOf(project),
  });
  const undo = [
    install(clock, () => JITTER),
    quickenCrypto(clock),
    countLines(edge),
    replaceFetch(platform),
  ];
  try {
    const answers = await clock.runUntil(play(scenario, edge, platform, issuer, apiKey));
    return { scenario, answers, counts: { ...edge.counts }, machineMs: 0 };
  } finally {
    for (const back of undo.reverse()) back();
  }
}

type Project = typeof project;
type Environment = Parameters<Project["default"]["fetch"]>[1];

// The constructors take bindings of another shape: here any will do.
const classesOf = ({ AccountBalance, IssuerKeys }: Project) =>
  ({ ACCOUNT_BALANCE: AccountBalance, ISSUER_KEYS: IssuerKeys }) as unknown as Readonly<
    Record<string, ObjectClass>
  >;

async function play(
  scenario: Scenario,
  edge: Edge,
  platform: Platform,
  issuer: Awaited<ReturnType<typeof createIssuer>>,
  apiKey: string,
) {
  const environments = new Map<string, Environment>();
  const environmentOf = ({ city, isolate }: Pick<Ask, "city" | "isolate">) => {
    let env = environments.get(isolate);
    if (env === undefined) {
      // Of an isolate that has ended nothing is needed any more.
      environments.delete(isolate.replace(/\d+$/, (n) => String(Number(n) - 1)));
      env = platform.environment(city) as unknown as Environment;
      environments.set(isolate, env);
    }
    return env;
  };
  const tokens = new Map<number, string>();
  const credential = async (person: number) => {
    if (isApiKeyPerson(person)) return apiKey;
    const known = tokens.get(person);
    if (known !== undefined) return known;
    const token = await issuer.signToken({ sub: `user-${person}` }, { expiresIn: TOKEN_SECONDS });
    tokens.set(person, token);
    return token;
  };
  const context = { waitUntil: (work: Promise<unknown>) => void work.catch(() => undefined) };
  const visiting = playVisits({
    ...{ scenario, edge, start: START, credential },
    ask: async ({ city, isolate, headers }) => {
      const request = new Request("https://balance.example.com/v1/balance", { headers });
      return project.default.fetch(
        request as Parameters<Project["default"]["fetch"]>[0],
        environmentOf({ city, isolate }),
        context as ExecutionContext,
      );
    },
  });
  const end = START + scenario.seconds * 1_000;
  void cron(scenario, end, platform);
  const answers = await visiting;
  await until(end);
  return answers;
}

async function cron(scenario: Scenario, end: number, platform: Platform): Promise<void> {
  const env = platform.environment(HOME) as unknown as Environment;
  for (let at = START; at < end; at += scenario.cronSeconds * 1_000) {
    await until(at);
    void project.default.scheduled({} as ScheduledController, env);
  }
}

/** A bug ends the run: its figures would mean nothing. */
function countLines(edge: Edge): () => void {
  const { info, warn, error } = console;
  const count = (line: string) => {
    edge.counts.lines += 1;
    if (/"event":"(internal|misconfigured)"/.test(line)) throw new Error(line);
  };
  Object.assign(console, { info: count, warn: count, error: count });
  return () => Object.assign(console, { info, warn, error });
}

function replaceFetch(platform: Platform): () => void {
  const real = globalThis.fetch;
  globalThis.fetch = platform.fetch as typeof fetch;
  return () => {
    globalThis.fetch = real;
  };
}
