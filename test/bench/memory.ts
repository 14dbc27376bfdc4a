/** `npm run bench -- memory`: a million requests by 100,000 callers must leave one isolate as large as a part of them did. */
import { bundleText } from "../bundle.ts";
import type { Report } from "./goals.ts";
import { put } from "./load.ts";
import { startProxy } from "./proxy.ts";

const REQUESTS = 1_000_000;
const CALLERS = 100_000;
/** They come in groups, each of more than an isolate remembers, so that memory is never of use. */
const GROUPS = 10;
const SECONDS = 10;
const CONNECTIONS = 16;
/** Of what the garbage collector happens to have left. */
const NOISE_MIB = 16;

export async function benchMemory(): Promise<Report> {
  const vars = { FRESH_SECONDS: "3600", STALE_SECONDS: "7200" };
  await using proxy = await startProxy(await bundleText(), { vars });
  const size = CALLERS / GROUPS;
  const mib: number[] = [];
  let total = 0;
  for (let group = 0; total < REQUESTS || group < GROUPS; group++) {
    const headers: { authorization: string }[] = [];
    for (let n = 0; n < size; n++) {
      const token = await proxy.zoo.signToken({ sub: `user-${(group % GROUPS) * size + n}` });
      headers.push({ authorization: `Bearer ${token}` });
    }
    const { requests } = await put({
      url: `${proxy.url}/v1/balance`,
      headers,
      connections: CONNECTIONS,
      seconds: SECONDS,
      status: 200,
    });
    if (requests < size) throw new Error(`only ${requests} requests of ${size} callers`);
    total += requests;
    mib.push(await proxy.memoryMib());
    console.log(`${total} requests: ${mib.at(-1)?.toFixed(0)} MiB`);
  }
  // The first groups fill what is bounded.
  const growth = (mib.at(-1) ?? Number.NaN) - Math.max(...mib.slice(0, 3));
  const goal = `memory: growth of the process by ${total} requests of ${CALLERS} callers, MiB`;
  return { goals: [{ goal, value: growth, atMost: NOISE_MIB }], figures: { total, mib } };
}
