/** A scenario in real time, over real sockets, in processes of its own. */
import { median } from "simple-statistics";
import { newApiKey } from "../../src/callers/api-key/format.ts";
import { sha256Hex } from "../../src/lib/digest.ts";
import { apiKeyRecord } from "../api-key-record.ts";
import type { Issuer } from "../zoo/issuer.ts";
import { type RunningCities, startCities } from "./cities.ts";
import { Edge } from "./edge.ts";
import { CITIES } from "./latency.ts";
import type { Outcome } from "./report.ts";
import type { Scenario } from "./scenarios.ts";
import { isApiKeyPerson, playVisits, until } from "./visitors.ts";

/** From the end of all preparations to the start of the run. */
const AHEAD_MS = 500;
const PROBE_INTERVAL_MS = 200;
const WARM_UP_ROUNDS = 10;

export async function runInWorld(scenario: Scenario, bundle: string): Promise<Outcome> {
  // Until the run begins, nobody asks for anything.
  let edge = new Edge(scenario, Date.now());
  await using cities = await startCities({
    bundle,
    cities: CITIES.length,
    edge: () => edge,
    vars: () => scenario.vars,
  });
  await warmUp(cities);
  const apiKey = await newApiKey();
  const credentials = await credentialsOf(scenario, cities.issuer, apiKey);
  const start = Date.now() + AHEAD_MS;
  edge = new Edge(scenario, start);
  edge.store(`API_KEYS ${await sha256Hex(apiKey)}`, JSON.stringify(apiKeyRecord()));
  await until(start);
  const running = playVisits({
    ...{ scenario, edge, start },
    credential: (person) => credentials.get(person) ?? apiKey,
    ask: ({ city, isolate, headers }) => cities.get("/v1/balance", city, isolate, headers),
  });
  const end = start + scenario.seconds * 1_000;
  const ticking = cron(scenario, start, end, cities);
  const probing = machineMs(cities, end);
  const answers = await running;
  await until(end);
  const counts = { ...edge.counts };
  await ticking;
  return { scenario, answers, counts, machineMs: await probing };
}

/** So that no process compiles its code in the run. Nothing is asked of Zoo, and nothing is stored. */
async function warmUp(cities: RunningCities): Promise<void> {
  const forged = { authorization: `Bearer ${"a".repeat(20)}.${"b".repeat(100)}.${"c".repeat(86)}` };
  for (let round = 0; round < WARM_UP_ROUNDS; round++) {
    for (const [city] of CITIES.entries()) {
      await cities.get("/ready", city, `warm-up ${round}`);
      await cities.get("/v1/balance", city, `warm-up ${round}`, forged);
    }
  }
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
  cities: RunningCities,
): Promise<void> {
  const runs: Promise<void>[] = [];
  for (let at = start; at < end; at += cronSeconds * 1_000) {
    await until(at);
    runs.push(cities.tick());
  }
  await Promise.all(runs);
}

/** What the machine itself needs for an answer that waits for nothing: the median through the run. */
async function machineMs(cities: RunningCities, end: number): Promise<number> {
  const times: number[] = [];
  for (let n = 0; Date.now() < end; n++) {
    const asked = Date.now();
    await cities.get("/health", n % CITIES.length, "probe");
    times.push(Date.now() - asked);
    await until(asked + PROBE_INTERVAL_MS);
  }
  return median(times);
}
