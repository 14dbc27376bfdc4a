/** The deployable bundle in raw workerd, with a stand-in Zoo. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildBundle } from "../bundle.ts";
import { startZoo, type Zoo } from "../zoo/server.ts";
import { type RunningWorkerd, startWorkerd } from "./workerd.ts";

export interface RunningProxy extends RunningWorkerd {
  readonly zoo: Zoo;
}

export async function bundleText(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "zoo-balance-bundle-"));
  try {
    await buildBundle(folder);
    return await readFile(join(folder, "index.js"), "utf8");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function startProxy(
  script: string,
  vars: Readonly<Record<string, string>> = {},
): Promise<RunningProxy> {
  const zoo = await startZoo();
  const { issuer, audience, jwksUrl } = zoo;
  const worker = await startWorkerd({
    script,
    vars: {
      ZOO_API_URL: zoo.url,
      ZOO_API_TOKEN: zoo.token,
      JWT_ISSUERS: JSON.stringify([{ issuer, audience, jwks_url: jwksUrl }]),
      ...vars,
    },
    kv: ["BALANCE_KV", "API_KEYS"],
    objects: { ACCOUNT_BALANCE: "AccountBalance", ISSUER_KEYS: "IssuerKeys" },
    limits: ["CALLER_LIMIT", "FAILURE_LIMIT"],
    metrics: ["METRICS"],
  });
  return {
    ...worker,
    zoo,
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      await zoo.close();
    },
  };
}
