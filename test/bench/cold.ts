/**
 * `npm run bench -- cold`: what the first caller of an isolate waits for. The value is fresh in KV, whose
 * reads take their time over a real socket, and each request meets an isolate that knows nothing.
 */
import { median, quantile } from "simple-statistics";
import { newApiKey } from "../../src/callers/api-key/format.ts";
import { sha256Hex } from "../../src/lib/digest.ts";
import { apiKeyRecord } from "../api-key-record.ts";
import { bundleText } from "../bundle.ts";
import { type RunningCities, startCities } from "../world/cities.ts";
import type { EdgeModel } from "../world/edge.ts";
import { balanceBody } from "../zoo/bodies.ts";
import type { Report } from "./goals.ts";

const KV_MS = 50;
const STALLED_KV_MS = 500;
const HOP_MS = 20;
const ROUNDS = 40;
const PROJECT = "7301";
const APP = "1:7301:ios:a";

/** The same distances for everybody, and KV without any cache. */
class FixedEdge implements EdgeModel {
  kvMs = KV_MS;
  readonly #values = new Map<string, string>();

  write(key: string, value: string): void {
    this.#values.set(key, value);
  }
  read(_city: number, key: string) {
    return { ms: this.kvMs, value: this.#values.get(key) ?? null };
  }
  hop() {
    return { ms: HOP_MS, isCold: false };
  }
  zoo(path: string) {
    const body = path === "/user" ? { block: null } : balanceBody("2026-08");
    return { ms: 400, status: 200, body: JSON.stringify(body) };
  }
  keys(keySet: string) {
    return { ms: 50, status: 200, body: keySet };
  }
}

export async function benchCold(): Promise<Report> {
  const edge = new FixedEdge();
  const bundle = await bundleText();
  const plain = { FRESH_SECONDS: "3600", STALE_SECONDS: "7200" };
  const appCheck = (jwks_url: string) => ({
    APP_CHECK: JSON.stringify({
      ...{ project_number: PROJECT, app_ids: [APP], mode: "enforce", jwks_url },
    }),
  });
  const start = (withAppCheck: boolean) =>
    startCities({
      ...{ bundle, cities: 1, edge: () => edge },
      vars: (_, jwksUrl) => ({ ...plain, ...(withAppCheck && appCheck(jwksUrl)) }),
    });
  await using without = await start(false);
  await using withAppCheck = await start(true);
  const apiKey = await newApiKey();
  edge.write(`API_KEYS ${await sha256Hex(apiKey)}`, JSON.stringify(apiKeyRecord()));
  const bearer = (credential: string) => ({ authorization: `Bearer ${credential}` });
  const rows: Row[] = [];
  for (const cities of [without, withAppCheck]) {
    const attested = cities === withAppCheck ? await attestation(cities) : {};
    const name = cities === withAppCheck ? ", App Check" : "";
    const callers = {
      [`JWT${name}`]: { ...bearer(await cities.issuer.signToken()), ...attested },
      [`API key${name}`]: { ...bearer(apiKey), ...attested },
    };
    edge.kvMs = KV_MS;
    // Fills KV: the first caller waits for Zoo and for the keys.
    await cities.get("/v1/balance", 0, "first", callers[`JWT${name}`]);
    for (const [caller, headers] of Object.entries(callers)) {
      edge.kvMs = KV_MS;
      rows.push(await measured(caller, cities, headers, 1.25 * KV_MS + 10));
      edge.kvMs = STALLED_KV_MS;
      // The record of an API key has no copy but that in KV.
      if (!caller.startsWith("API key")) {
        rows.push(await measured(`${caller}, KV stalls`, cities, headers, 120));
      }
    }
  }
  console.table(rows);
  const goals = rows.map(({ caller, p50, limit }) => ({
    goal: `cold isolate: ${caller}, ms`,
    value: p50,
    atMost: limit,
  }));
  return { goals, figures: rows };
}

interface Row {
  readonly caller: string;
  /** Milliseconds. */
  readonly p50: number;
  readonly p95: number;
  readonly limit: number;
}

async function measured(
  caller: string,
  cities: RunningCities,
  headers: Readonly<Record<string, string>>,
  limit: number,
): Promise<Row> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const asked = performance.now();
    const answer = await cities.get("/v1/balance", 0, `${caller} ${round}`, headers);
    times.push(performance.now() - asked);
    if (answer.status !== 200) throw new Error(`${caller}: ${await answer.text()}`);
  }
  return { caller, p50: median(times), p95: quantile(times, 0.95), limit };
}

async function attestation({ issuer }: RunningCities): Promise<Record<string, string>> {
  const iss = `https://firebaseappcheck.googleapis.com/${PROJECT}`;
  const claims = { iss, aud: [`projects/${PROJECT}`], sub: APP };
  return { "x-firebase-appcheck": await issuer.signToken(claims, { alg: "RS256" }) };
}
