/**
 * `npm run bench -- warm`: what a hit costs, beside Workers that do nothing and one from a tutorial.
 *
 * Only ratios mean something, and machines have moods: every variant runs in every round, each is
 * compared with the constant of its own round, and the medians of those ratios count. The constant
 * answers the same bytes, all headers included; another one, with the body alone, is shown beside it.
 */
import { interquartileRange, median } from "simple-statistics";
import { bundleText } from "../bundle.ts";
import { startWorkerd } from "../workerd.ts";
import type { Report } from "./goals.ts";
import { hasHaproxy, type RunningHaproxy, startHaproxy } from "./haproxy.ts";
import { type Load, put } from "./load.ts";
import { startProxy } from "./proxy.ts";

const ROUNDS = 15;
const SECONDS = 1;
const CONNECTIONS = 16;
/** As many as an isolate remembers at most, several times over: each is new when its turn comes. */
const STRANGERS = 20_000;

/** Cloudflare puts these on every request. */
const EDGE = { "cf-ray": "8f1c2d3e4a5b6c7d-FRA", "cf-connecting-ip": "192.0.2.1" };

interface Variant {
  readonly name: string;
  readonly worker: RunningHaproxy;
  readonly headers: Load["headers"];
  readonly status?: number;
}

interface Sample {
  /** Microseconds of the process's time per request. */
  readonly cpu: number;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

async function measure({ worker, headers, status = 200 }: Variant): Promise<Sample> {
  const before = await worker.cpuMs();
  const url = `${worker.url}/v1/balance`;
  const measured = await put({
    url,
    headers: headers.map((set) => ({ ...EDGE, ...set })),
    connections: CONNECTIONS,
    seconds: SECONDS,
    status,
  });
  return { ...measured, cpu: (((await worker.cpuMs()) - before) * 1_000) / measured.requests };
}

/** A Worker that answers always the same, in the cheapest way there is: all of it made ready. */
function constantScript(body: string, headers: Readonly<Record<string, string>>): string {
  return `const BODY = new TextEncoder().encode(${JSON.stringify(body)});
    const HEADERS = new Headers(${JSON.stringify(headers)});
    export default { fetch: () => new Response(BODY, { headers: HEADERS }) };`;
}

async function run(variants: readonly Variant[]): Promise<ReadonlyMap<string, readonly Sample[]>> {
  const samples = new Map<string, Sample[]>(variants.map(({ name }) => [name, []]));
  for (const variant of variants) await measure(variant);
  for (let round = 0; round < ROUNDS; round++) {
    for (const variant of variants) samples.get(variant.name)?.push(await measure(variant));
  }
  return samples;
}

const CONSTANT = "constant";
const JWT = "hit, JWT";
const API_KEY = "hit, API key";
const UNCHANGED = "304, JWT";
const MAX_STALE = "hit, JWT, max-stale";
const STRANGER = "hit, a JWT never seen";
const VERIFYING = "constant after one signature check";
const TUTORIAL = "tutorial, JWT";
const HAPROXY = "HAProxy, cached, JWT verified each time";

interface Row {
  readonly name: string;
  readonly cpu: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Median of the rounds' ratios to the constant, and how far the middle half of them spreads. */
  readonly cpuRatio: number;
  readonly cpuRatioSpread: number;
  readonly perSecondRatio: number;
}

function rowsOf(samples: ReadonlyMap<string, readonly Sample[]>, floor: readonly Sample[]): Row[] {
  return [...samples].map(([name, list]) => {
    const of = (field: keyof Sample) => median(list.map((sample) => sample[field]));
    const ratios = (field: keyof Sample) =>
      list.map((sample, round) => sample[field] / (floor[round]?.[field] ?? Number.NaN));
    return {
      name,
      cpu: of("cpu"),
      perSecond: of("perSecond"),
      p50: of("p50"),
      p99: of("p99"),
      cpuRatio: median(ratios("cpu")),
      cpuRatioSpread: interquartileRange(ratios("cpu")),
      perSecondRatio: median(ratios("perSecond")),
    };
  });
}

export async function benchWarm(): Promise<Report> {
  const vars = { FRESH_SECONDS: "3600", STALE_SECONDS: "7200" };
  await using proxy = await startProxy(await bundleText(), { vars });
  const { zoo } = proxy;
  const jwt = { authorization: `Bearer ${await zoo.signToken()}` };
  const key = { authorization: `Bearer ${proxy.apiKey}` };
  const answer = await fetch(`${proxy.url}/v1/balance`, { headers: { ...EDGE, ...jwt } });
  const body = await answer.text();
  const {
    "content-length": _,
    "transfer-encoding": __,
    ...all
  } = Object.fromEntries(answer.headers);
  await using bare = await startWorkerd({
    script: constantScript(body, { "content-type": "application/json" }),
  });
  await using same = await startWorkerd({ script: constantScript(body, all) });
  await using verifying = await startWorkerd({
    script: await bundleText("test/bench/workers/verifying.ts"),
    vars: { KEY: JSON.stringify(zoo.keys.ES256.jwk), BODY: body },
  });
  const jwks = { keys: [zoo.keys.ES256.jwk] };
  await using tutorial = await startWorkerd({
    script: await bundleText("test/bench/workers/tutorial.ts"),
    vars: { JWKS_URL: zoo.jwksUrl },
    kv: { BALANCE_KV: { balance: body } },
    outbound: `export default { fetch: () => Response.json(${JSON.stringify(jwks)}) };`,
  });
  const strangers: { authorization: string }[] = [];
  for (let n = 0; n < STRANGERS; n++) {
    strangers.push({ authorization: `Bearer ${await zoo.signToken({ sub: `user-${n}` })}` });
  }
  const conditional = { ...jwt, "if-none-match": answer.headers.get("etag") ?? "" };
  await using haproxy = hasHaproxy() ? await startHaproxy(same.url, zoo.keys.ES256.jwk) : null;
  const samples = await run([
    { name: CONSTANT, worker: same, headers: [jwt] },
    { name: "constant, body alone", worker: bare, headers: [jwt] },
    { name: JWT, worker: proxy, headers: [jwt] },
    { name: API_KEY, worker: proxy, headers: [key] },
    { name: UNCHANGED, worker: proxy, headers: [conditional], status: 304 },
    { name: MAX_STALE, worker: proxy, headers: [{ ...jwt, "cache-control": "max-stale" }] },
    { name: STRANGER, worker: proxy, headers: strangers },
    { name: VERIFYING, worker: verifying, headers: strangers },
    { name: TUTORIAL, worker: tutorial, headers: [jwt] },
    ...(haproxy === null ? [] : [{ name: HAPROXY, worker: haproxy, headers: [jwt] }]),
  ]);
  const rows = rowsOf(samples, samples.get(CONSTANT) ?? []);
  console.table(
    rows.map((row) => ({
      variant: row.name,
      "CPU µs": row.cpu.toFixed(1),
      "× constant": row.cpuRatio.toFixed(2),
      "±": (row.cpuRatioSpread / 2).toFixed(2),
      "requests/s": Math.round(row.perSecond),
      "× constant's": row.perSecondRatio.toFixed(2),
      "p50 ms": row.p50.toFixed(2),
      "p99 ms": row.p99.toFixed(2),
    })),
  );
  return { goals: goalsOf(samples, rows), figures: rows };
}

function goalsOf(samples: ReadonlyMap<string, readonly Sample[]>, rows: readonly Row[]) {
  const rowOf = (name: string) => rows.find((row) => row.name === name);
  const between = (name: string, other: string, field: keyof Sample) => {
    const others = samples.get(other) ?? [];
    return median(
      (samples.get(name) ?? []).map(
        (sample, round) => sample[field] / (others[round]?.[field] ?? Number.NaN),
      ),
    );
  };
  const hits = [JWT, API_KEY, UNCHANGED, MAX_STALE].flatMap((name) => {
    const { cpuRatio = Number.NaN, perSecondRatio = Number.NaN } = rowOf(name) ?? {};
    const overTutorial = between(name, TUTORIAL, "perSecond");
    return [
      { goal: `${name}: CPU, × the constant's`, value: cpuRatio, atMost: 1.25 },
      { goal: `${name}: throughput, × the constant's`, value: perSecondRatio, atLeast: 0.8 },
      { goal: `${name}: throughput, × the tutorial's`, value: overTutorial, atLeast: 4 },
    ];
  });
  const stranger = between(STRANGER, VERIFYING, "cpu");
  const goal = `${STRANGER}: CPU, × a constant's after one signature check`;
  return [...hits, { goal, value: stranger, atMost: 2 }];
}
