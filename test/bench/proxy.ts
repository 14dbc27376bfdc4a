/** The deployable bundle in raw workerd, with a stand-in Zoo. */
import { newApiKey } from "../../src/callers/api-key/format.ts";
import { sha256Hex } from "../../src/lib/digest.ts";
import { apiKeyRecord } from "../api-key-record.ts";
import { type RunningWorkerd, startWorkerd } from "../workerd.ts";
import { startZoo, type Zoo } from "../zoo/server.ts";

export interface RunningProxy extends RunningWorkerd {
  readonly zoo: Zoo;
  /** An API key it knows. */
  readonly apiKey: string;
}

interface ProxyOptions {
  readonly vars?: Readonly<Record<string, string>>;
  /** Added to the entry of `JWT_ISSUERS`. */
  readonly issuer?: Readonly<Record<string, string>>;
  readonly isolates?: number;
}

export async function startProxy(
  script: string,
  { vars = {}, issuer: more = {}, isolates = 1 }: ProxyOptions = {},
): Promise<RunningProxy> {
  const zoo = await startZoo();
  const apiKey = await newApiKey();
  const { issuer, audience, jwksUrl } = zoo;
  const worker = await startWorkerd({
    script,
    isolates,
    vars: {
      ZOO_API_URL: zoo.url,
      ZOO_API_TOKEN: zoo.token,
      JWT_ISSUERS: JSON.stringify([{ issuer, audience, jwks_url: jwksUrl, ...more }]),
      ...vars,
    },
    kv: { BALANCE_KV: {}, API_KEYS: { [await sha256Hex(apiKey)]: JSON.stringify(apiKeyRecord()) } },
    objects: { ACCOUNT_BALANCE: "AccountBalance", ISSUER_KEYS: "IssuerKeys" },
    limits: ["CALLER_LIMIT", "FAILURE_LIMIT"],
    metrics: ["METRICS"],
  });
  return {
    ...worker,
    zoo,
    apiKey,
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      await zoo.close();
    },
  };
}
