import { newApiKey, randomBase62 } from "../../src/callers/api-key/format.ts";
import { sha256Hex } from "../../src/lib/digest.ts";
import { apiKeyRecord } from "../api-key-record.ts";
import type { StartedWorker } from "./worker.ts";

/** A key that the started Worker knows, as `npm run keys` would have stored it. */
export async function createKey(
  { runtime }: StartedWorker,
  more: { account?: string; scopes?: string[]; expires_at?: string },
): Promise<string> {
  const key = await newApiKey();
  const kv = await runtime.getKVNamespace("API_KEYS");
  const record = apiKeyRecord({ id: randomBase62(10), ...more });
  await kv.put(await sha256Hex(key), JSON.stringify(record));
  return key;
}
