/**
 * `npm run bench -- herd`: many callers, on one isolate and on many that share Durable Objects and KV.
 * Zoo must hear of one request in each refresh window, and a caller must cost the same in any crowd.
 */
import { bundleText } from "../bundle.ts";
import type { Report } from "./goals.ts";
import { put } from "./load.ts";
import { type RunningProxy, startProxy } from "./proxy.ts";

/** The larger ones are more than an isolate remembers. */
const CALLERS = [1, 5_000, 10_000];
const ISOLATES = [1, 8];
const CONNECTIONS = 64;
/** Long enough for the last of the callers to have had a turn. */
const SECONDS = 4;
const ZOO_MS = 50;

interface Crowd {
  readonly callers: number;
  readonly isolates: number;
  readonly requests: number;
  /** Seen by Zoo. */
  readonly upstream: number;
  /** Microseconds of the process's time per request. */
  readonly cpu: number;
}

export async function benchHerd(): Promise<Report> {
  const bundle = await bundleText();
  const crowds: Crowd[] = [];
  for (const isolates of ISOLATES) {
    for (const callers of CALLERS) crowds.push(await oneWindow(bundle, callers, isolates));
  }
  console.table(crowds.map((crowd) => ({ ...crowd, cpu: Number(crowd.cpu.toFixed(1)) })));
  const perWindow = await manyWindows(bundle);
  const cpuOf = (callers: number) =>
    crowds.find((crowd) => crowd.callers === callers && crowd.isolates === 1)?.cpu ?? Number.NaN;
  return {
    goals: [
      ...crowds.map(({ callers, isolates, upstream }) => ({
        goal: `herd: upstream requests for ${callers} callers on ${isolates} isolates`,
        value: upstream,
        atLeast: 1,
        atMost: 1,
      })),
      { goal: "herd: upstream requests per window of 1 s", value: perWindow, atMost: 1 },
      {
        goal: "herd: CPU per request of 10,000 callers, × that of 5,000",
        value: cpuOf(10_000) / cpuOf(5_000),
        atMost: 1.25,
      },
    ],
    figures: { crowds, perWindow },
  };
}

/** All that happens within the time that a value is fresh, from a cold start on. */
async function oneWindow(bundle: string, callers: number, isolates: number): Promise<Crowd> {
  const vars = { FRESH_SECONDS: "3600", STALE_SECONDS: "7200" };
  await using proxy = await startProxy(bundle, { vars, isolates });
  proxy.zoo.setFault({ kind: "latency", ms: ZOO_MS });
  const before = await proxy.cpuMs();
  const requests = await crowd(proxy, callers, SECONDS);
  const cpu = (((await proxy.cpuMs()) - before) * 1_000) / requests;
  if (requests < callers) throw new Error(`${requests} requests cannot be of ${callers} callers`);
  return { callers, isolates, requests, upstream: proxy.zoo.balanceRequests.length, cpu };
}

/** @returns upstream requests for each second, with values that are fresh for one */
async function manyWindows(bundle: string): Promise<number> {
  const seconds = 6;
  const vars = { FRESH_SECONDS: "1" };
  await using proxy = await startProxy(bundle, { vars, isolates: 8 });
  await crowd(proxy, 1_000, seconds);
  // The first one begins the first window.
  return (proxy.zoo.balanceRequests.length - 1) / seconds;
}

/** As many callers, spread over the isolates, all at once. @returns how many requests they made */
async function crowd(proxy: RunningProxy, callers: number, seconds: number): Promise<number> {
  const { zoo, urls } = proxy;
  const groups = urls.map((): { authorization: string }[] => []);
  for (let n = 0; n < Math.max(callers, urls.length); n++) {
    const token = await zoo.signToken({ sub: `user-${n % callers}` });
    groups[n % urls.length]?.push({ authorization: `Bearer ${token}` });
  }
  const connections = Math.min(callers, CONNECTIONS);
  const loads = urls.map((url, n) =>
    put({ url: `${url}/v1/balance`, headers: groups[n] ?? [], connections, seconds, status: 200 }),
  );
  return (await Promise.all(loads)).reduce((sum, { requests }) => sum + requests, 0);
}
