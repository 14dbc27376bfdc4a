/**
 * `npm run bench -- warm`: what a hit costs, beside a Worker that does nothing and one from a tutorial.
 * Only ratios mean something: every variant runs in every round, and the medians are compared.
 */

import { readFile } from "node:fs/promises";
import { median } from "simple-statistics";
import { bundleText } from "../bundle.ts";
import { type Load, type Measured, put } from "./load.ts";
import { startProxy } from "./proxy.ts";
import { type RunningWorkerd, startWorkerd } from "./workerd.ts";

const ROUNDS = 3;
const SECONDS = 4;
const CONNECTIONS = 16;

interface Variant {
  readonly name: string;
  readonly worker: RunningWorkerd;
  readonly load: Pick<Load, "headers" | "status">;
}

export interface Figures {
  readonly name: string;
  /** Microseconds of the process's time per request. */
  readonly cpu: number;
  readonly spread: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

async function measure({ worker, load }: Variant, seconds: number) {
  const before = await worker.cpuMs();
  const url = `${worker.url}/v1/balance`;
  const measured: Measured = await put({ url, connections: CONNECTIONS, seconds, ...load });
  const cpu = ((await worker.cpuMs()) - before) * 1_000;
  return { ...measured, cpu: cpu / measured.requests };
}

export async function benchWarm(): Promise<boolean> {
  await using constant = await startWorkerd({
    script: await readFile("test/bench/workers/constant.js", "utf8"),
  });
  await using proxy = await startProxy(await bundleText(), {
    FRESH_SECONDS: "3600",
    STALE_SECONDS: "7200",
  });
  const { zoo } = proxy;
  const jwks = { keys: [zoo.keys.ES256.jwk] };
  await using tutorial = await startWorkerd({
    script: await bundleText("test/bench/workers/tutorial.ts"),
    vars: { JWKS_URL: zoo.jwksUrl },
    kv: { BALANCE_KV: {} },
    outbound: `export default { fetch: () => Response.json(${JSON.stringify(jwks)}) };`,
  });
  const jwt = { authorization: `Bearer ${await zoo.signToken()}` };
  const key = { authorization: `Bearer ${proxy.apiKey}` };
  const first = await fetch(`${proxy.url}/v1/balance`, { headers: jwt });
  const conditional = { ...jwt, "if-none-match": first.headers.get("etag") ?? "" };
  const many = await Promise.all(
    Array.from({ length: 5_000 }, async (_, n) => ({
      authorization: `Bearer ${await zoo.signToken({ sub: `user-${n}` })}`,
    })),
  );
  const of = (name: string, worker: RunningWorkerd, headers: Load["headers"], status = 200) => ({
    name,
    worker,
    load: { headers, status },
  });
  const variants: readonly Variant[] = [
    of("constant", constant, [jwt]),
    of("hit, JWT", proxy, [jwt]),
    of("hit, API key", proxy, [key]),
    of("304, JWT", proxy, [conditional], 304),
    of("hit, 5,000 JWTs in turn", proxy, many),
    of("tutorial", tutorial, [jwt]),
  ];
  const samples = new Map<string, Awaited<ReturnType<typeof measure>>[]>();
  for (const variant of variants) await measure(variant, 1);
  for (let round = 0; round < ROUNDS; round++) {
    for (const variant of variants) {
      const list = samples.get(variant.name) ?? [];
      list.push(await measure(variant, SECONDS));
      samples.set(variant.name, list);
    }
  }
  const figures = [...samples].map(([name, list]): Figures => {
    const of = (field: "cpu" | "perSecond" | "p50" | "p99") => list.map((sample) => sample[field]);
    const cpus = of("cpu");
    return {
      name,
      cpu: median(cpus),
      spread: Math.max(...cpus) - Math.min(...cpus),
      perSecond: median(of("perSecond")),
      p50: median(of("p50")),
      p99: median(of("p99")),
    };
  });
  const floor = figures[0];
  if (floor === undefined) throw new Error("nothing measured");
  console.table(
    figures.map((f) => ({
      variant: f.name,
      "CPU µs": f.cpu.toFixed(1),
      "±": (f.spread / 2).toFixed(1),
      "× constant": (f.cpu / floor.cpu).toFixed(2),
      "requests/s": Math.round(f.perSecond),
      "× constant's": (f.perSecond / floor.perSecond).toFixed(2),
      "p50 ms": f.p50.toFixed(2),
      "p99 ms": f.p99.toFixed(2),
    })),
  );
  return true;
}
