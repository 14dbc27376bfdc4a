/** The world on one machine: a workerd process for each city and one where the objects live. */
import { median } from "simple-statistics";
import { newApiKey } from "../../src/callers/api-key/format.ts";
import { sha256Hex } from "../../src/lib/digest.ts";
import { apiKeyRecord } from "../api-key-record.ts";
import { type RunningWorkerd, startWorkerd } from "../workerd.ts";
import { createIssuer, type Issuer } from "../zoo/issuer.ts";
import { ask } from "./ask.ts";
import { Edge } from "./edge.ts";
import { CITIES, HOME } from "./latency.ts";
import type { Outcome } from "./report.ts";
import type { Scenario } from "./scenarios.ts";
import { startCityServer, startOthers } from "./servers.ts";
import { type Ask, isApiKeyPerson, playVisits, until } from "./visitors.ts";
import { CITY, OBJECTS_HOME } from "./workers.ts";

const AUDIENCE = "zoo-balance-proxy";
/** From the start of the processes to the start of the run. */
const AHEAD_MS = 500;
const PROBE_INTERVAL_MS = 200;

/** Plays a scenario in real time, in processes of its own. */
export async function runInWorld(scenario: Scenario, bundle: string): Promise<Outcome> {
  await using stack = new AsyncDisposableStack();
  // Until the run begins, nobody asks for anything.
  let edge = new Edge(scenario, Date.now());
  let homeUrl = "";
  let issuer: Issuer | undefined;
  const others = stack.use(
    await startOthers(
      () => edge,
      () => JSON.stringify(issuer?.jwks),
    ),
  );
  issuer = await createIssuer(others.url, AUDIENCE);
  const jwksUrl = `${others.url}/jwks.json`;
  const vars = {
    ZOO_API_URL: others.url,
    ZOO_API_TOKEN: "zoo_world",
    JWT_ISSUERS: JSON.stringify([{ issuer: others.url, audience: AUDIENCE, jwks_url: jwksUrl }]),
    ...scenario.vars,
  };
  const cities: RunningWorkerd[] = [];
  for (const [index] of CITIES.entries()) {
    const server = stack.use(
      await startCityServer(
        index,
        () => edge,
        () => homeUrl,
      ),
    );
    const common = {
      modules: { "bundle.js": bundle },
      outsideKv: { BALANCE_KV: server.address, API_KEYS: server.address },
      vars: { ...vars, EDGE_URL: server.url },
    };
    if (index === HOME) {
      const objects = { ACCOUNT_BALANCE: "AccountBalance", ISSUER_KEYS: "IssuerKeys" };
      const home = stack.use(await startWorkerd({ ...common, script: OBJECTS_HOME, objects }));
      homeUrl = home.url;
    }
    cities.push(stack.use(await startWorkerd({ ...common, script: CITY })));
  }
  const apiKey = await newApiKey();
  const credentials = await credentialsOf(scenario, issuer, apiKey);
  const start = Date.now() + AHEAD_MS;
  edge = new Edge(scenario, start);
  edge.store(`API_KEYS ${await sha256Hex(apiKey)}`, JSON.stringify(apiKeyRecord()));
  await until(start);
  const running = playVisits({
    ...{ scenario, edge, start },
    credential: (person) => credentials.get(person) ?? apiKey,
    ask: ({ city, isolate, headers }: Ask) =>
      ask(`${cities[city]?.url}/v1/balance`, { ...headers, "world-isolate": isolate }),
  });
  const end = start + scenario.seconds * 1_000;
  const ticking = cron(scenario, start, end, homeUrl);
  const probing = machineMs(cities, end);
  const answers = await running;
  await until(end);
  const counts = { ...edge.counts };
  await ticking;
  return { scenario, answers, counts, machineMs: await probing };
}

/** Signed beforehand, so that it takes no time from the run. */
async function credentialsOf(
  { visits }: Scenario,
  issuer: Issuer,
  apiKey: string,
): Promise<ReadonlyMap<number, string>> {
  const credentials = new Map<number, string>();
  for (const { person } of visits) {
    if (credentials.has(person)) continue;
    const token = isApiKeyPerson(person)
      ? apiKey
      : await issuer.signToken({ sub: `user-${person}` });
    credentials.set(person, token);
  }
  return credentials;
}

async function cron(
  { cronSeconds }: Scenario,
  start: number,
  end: number,
  homeUrl: string,
): Promise<void> {
  const runs: Promise<unknown>[] = [];
  for (let at = start; at < end; at += cronSeconds * 1_000) {
    await until(at);
    runs.push(fetch(`${homeUrl}/cron`));
  }
  await Promise.all(runs);
}

/** What the machine itself needs for an answer that waits for nothing: the median through the run. */
async function machineMs(cities: readonly RunningWorkerd[], end: number): Promise<number> {
  const times: number[] = [];
  for (let n = 0; Date.now() < end; n++) {
    const asked = Date.now();
    await ask(`${cities[n % cities.length]?.url}/health`, { "world-isolate": "probe" });
    times.push(Date.now() - asked);
    await until(asked + PROBE_INTERVAL_MS);
  }
  return median(times);
}
