/**
 * `npm run bench -- refusals`: does the time to refuse tell a near miss from a far one?
 *
 * Credentials of both kinds are sent in turns over one connection, so that whatever else goes on meets
 * both alike. The difference of the means has a 99.9 % confidence interval, and must be less than a
 * tenth of the spread of single requests: no attacker on a network could see so little. A pair that
 * must differ shows that the method sees what there is to see.
 */
import { Agent, request } from "node:http";
import { mean, quantile, standardDeviation } from "simple-statistics";
import { newApiKey } from "../../src/callers/api-key/format.ts";
import { bundleText } from "../bundle.ts";
import type { Goal, Report } from "./goals.ts";
import { startProxy } from "./proxy.ts";

const WARM_UP = 300;
const ROUNDS = 3_000;
/** Normal quantile of a two-sided 99.9 % interval. */
const Z = 3.29;
/** In standard deviations of single requests. */
const NEGLIGIBLE = 0.1;

interface Pair {
  readonly name: string;
  readonly near: () => string;
  readonly far: () => string;
  readonly differs?: true;
}

async function timeOf(agent: Agent, url: string, credential: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const headers = { authorization: `Bearer ${credential}` };
  const started = process.hrtime.bigint();
  request(`${url}/v1/balance`, { agent, headers }, (response) => {
    response.resume();
    response.on("end", () => {
      const status = response.statusCode;
      if (status !== 401 && status !== 404) reject(new Error(`${status} is no refusal`));
      else resolve(Number(process.hrtime.bigint() - started) / 1_000);
    });
  })
    .on("error", reject)
    .end();
  return promise;
}

/** Microseconds; the slowest twentieth, where the machine did something else, is left out. */
function trimmed(times: readonly number[]): number[] {
  const limit = quantile([...times], 0.95);
  return times.filter((time) => time <= limit);
}

function flip(token: string, from: "start" | "end"): string {
  const [head, body, signature = ""] = token.split(".");
  const bytes = Buffer.from(signature, "base64url");
  const at = from === "start" ? 0 : bytes.length - 1;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return `${head}.${body}.${bytes.toString("base64url")}`;
}

export async function benchRefusals(): Promise<Report> {
  await using proxy = await startProxy(await bundleText());
  const { zoo, url } = proxy;
  const token = await zoo.signToken();
  const other = await zoo.signToken({ sub: "somebody-else" });
  const [head, body] = token.split(".");
  const key = await newApiKey();
  const pairs: readonly Pair[] = [
    {
      name: "signature: last bit wrong / first bit wrong",
      near: () => flip(token, "end"),
      far: () => flip(token, "start"),
    },
    {
      name: "signature: one bit wrong / another token's",
      near: () => flip(token, "end"),
      far: () => `${head}.${body}.${other.split(".")[2]}`,
    },
    {
      name: "API key checksum: last character wrong / all wrong",
      near: () => key.slice(0, -1) + (key.endsWith("a") ? "b" : "a"),
      far: () => `${key.slice(0, -6)}zzzzzz`,
    },
    {
      name: "API key: first characters of a known one / random",
      near: () => `${key.slice(0, 40)}${key.slice(40).replaceAll(/[0-9A-Z]/g, "a")}`,
      far: () => `zbp_${"Zz09".repeat(13).slice(0, 49)}`,
    },
    {
      name: "control, must differ: signature wrong / no token at all",
      near: () => flip(token, "end"),
      far: () => "x",
      differs: true,
    },
  ];
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const goals: Goal[] = [];
  for (const { name, near, far, differs = false } of pairs) {
    const times: [number[], number[]] = [[], []];
    for (let round = -WARM_UP; round < ROUNDS; round++) {
      const order = Math.random() < 0.5 ? ([0, 1] as const) : ([1, 0] as const);
      for (const side of order) {
        const time = await timeOf(agent, url, side === 0 ? near() : far());
        if (round >= 0) times[side].push(time);
      }
    }
    const [a, b] = times.map(trimmed) as [number[], number[]];
    const spread = Math.hypot(standardDeviation(a), standardDeviation(b)) / Math.SQRT2;
    const difference = mean(a) - mean(b);
    const margin =
      (Z * Math.hypot(standardDeviation(a), standardDeviation(b))) / Math.sqrt(a.length);
    const seen = Math.abs(difference) > margin && Math.abs(difference) > NEGLIGIBLE * spread;
    goals.push({ goal: `refusals: as expected: ${name}`, value: +(seen === differs), atLeast: 1 });
    console.log(
      `${seen === differs ? "ok  " : "FAIL"} ${name}: ${difference.toFixed(2)} µs ± ${margin.toFixed(2)}, ` +
        `single requests ${mean(a).toFixed(0)} ± ${spread.toFixed(0)} µs`,
    );
  }
  agent.destroy();
  return { goals, figures: null };
}
