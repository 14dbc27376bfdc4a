/**
 * `npm run bench -- miss`: what the proxy adds to the time that Zoo takes, where it has no value yet.
 *
 * Each request is the first for its account: memory and KV have nothing, the account's Durable Object is
 * made, asks, stores and answers. Beside it, in turns, the same call straight to the stand-in.
 */
import { median, quantile } from "simple-statistics";
import { bundleText } from "../bundle.ts";
import type { Report } from "./goals.ts";
import { startProxy } from "./proxy.ts";
import { timeOf } from "./time.ts";

const WARM_UP = 20;
const MISSES = 300;

export async function benchMiss(): Promise<Report> {
  const accounts = Array.from({ length: WARM_UP + MISSES }, (_, n) => `account-${n}`);
  const entries = accounts.map((name) => [name, { token: "ZOO_API_TOKEN" }]);
  await using proxy = await startProxy(await bundleText(), {
    vars: { ACCOUNTS: JSON.stringify(Object.fromEntries(entries)) },
    issuer: { account_claim: "account" },
  });
  const { zoo } = proxy;
  const direct: number[] = [];
  const through: number[] = [];
  for (const account of accounts) {
    const caller = { authorization: `Bearer ${await zoo.signToken({ account })}` };
    const owner = { authorization: `Bearer ${zoo.token}` };
    direct.push(await timeOf(`${zoo.url}/user/payment/balance`, owner));
    through.push(await timeOf(`${proxy.url}/v1/balance`, caller));
  }
  const ms = { direct: median(direct.slice(WARM_UP)), through: median(through.slice(WARM_UP)) };
  const p99 = quantile(through.slice(WARM_UP), 0.99);
  console.log(
    `Zoo's stand-in ${ms.direct.toFixed(2)} ms, through the proxy ${ms.through.toFixed(2)} ms ` +
      `(p99 ${p99.toFixed(2)} ms), medians of ${MISSES}`,
  );
  const value = ms.through - ms.direct;
  const goals = [{ goal: "miss: added to Zoo's own time at the median, ms", value, atMost: 10 }];
  return { goals, figures: { ...ms, p99 } };
}
