/**
 * Callers with an API key. Guarantees: a key that is not in Workers KV is refused, nothing read from KV is
 * kept for more than 30 s, and made-up keys cost an isolate at most a few KV reads a second.
 */
import { withDeadline } from "../../lib/deadline.ts";
import { sha256Hex } from "../../lib/digest.ts";
import { ExpiringMap } from "../../lib/expiring-map.ts";
import { parseJson } from "../../lib/json.ts";
import { nameOf } from "../../lib/log.ts";
import { LogThrottle } from "../../lib/log-throttle.ts";
import { ReadBudget } from "../../lib/token-bucket.ts";
import { callerId, type Identified } from "../caller.ts";
import { type Denial, denied, type Result } from "../denial.ts";
import type { Lookup } from "../lookup.ts";
import { apiKeyDenial, hasPrefix } from "./format.ts";
import { type ApiKeyRecord, apiKeyRecordSchema } from "./record.ts";

/** How long a record is kept, and the least KV allows as `cacheTtl`. */
const KEEP_SECONDS = 30;
const READ_DEADLINE_MS = 2_000;

interface Entry extends Identified {
  readonly record: ApiKeyRecord;
}

const PROVEN_MS = 86_400_000;
const SUSPECT_MS = 60_000;

/** What an isolate remembers of API keys, all by their digest. */
class ApiKeyMemory {
  readonly known = new ExpiringMap<Entry>(1_000);
  /** Negative cache, apart from the known keys so that a flood of made-up ones cannot evict them. */
  readonly refused = new ExpiringMap<Denial>(1_000);
  /** Keys that were good within a day: reading their record again needs no budget, flood or not. */
  readonly proven = new ExpiringMap<true>(5_000);
  /** Senders of keys that were refused within the last {@link SUSPECT_MS}. */
  readonly suspects = new ExpiringMap<true>(5_000);
  /** Throttles KV reads for keys that have not been proven. Suspects use up a small budget of their own. */
  readonly budget = new ReadBudget({ burst: 400, perSecond: 200 });
  readonly suspectBudget = new ReadBudget({ burst: 20, perSecond: 5 });

  budgetOf(digest: string, sender: string): ReadBudget | null {
    if (this.proven.get(digest) === true) return null;
    return this.suspects.get(sender) === true ? this.suspectBudget : this.budget;
  }
}

export const isApiKey = hasPrefix;

/** The caller that an API key identifies. Never throws on a bad key. */
export async function identifyByApiKey(key: string, lookup: Lookup): Promise<Result<Identified>> {
  const bad = await apiKeyDenial(key);
  if (bad !== null) return denied(bad);
  const digest = await sha256Hex(key);
  const { known, refused } = lookup.state.of(ApiKeyMemory);
  const entry = known.get(digest) ?? refused.get(digest) ?? (await find(digest, lookup));
  if (typeof entry === "string") return denied(entry);
  const expiry = Date.parse(entry.record.expires_at ?? "9999-12-31");
  // An impossible date parses to NaN, which counts as expired.
  if (!(expiry > Date.now())) return denied("api_key_expired");
  return { ...entry, ok: true, until: Math.min(entry.until, expiry) };
}

async function find(digest: string, lookup: Lookup): Promise<Entry | Denial> {
  const { env, state, sender, cacheOnly } = lookup;
  const memory = state.of(ApiKeyMemory);
  const budget = memory.budgetOf(digest, sender);
  if (cacheOnly && budget !== null) return "address_limited";
  if (budget?.take(Date.now()) === false) return "api_key_reads_limited";
  lookup.readAhead?.(null);
  const readAt = Date.now();
  let value: unknown;
  try {
    const read = env.API_KEYS.get(digest, { type: "text", cacheTtl: KEEP_SECONDS });
    value = await withDeadline(read, READ_DEADLINE_MS);
  } catch (error) {
    budget?.giveBack();
    state.of(LogThrottle).log("error", "api_keys_failed", { error: nameOf(error) });
    return "api_keys_unavailable";
  }
  const entry = await entryOf(value, readAt);
  if (typeof entry === "string") {
    memory.refused.set(digest, entry, readAt + KEEP_SECONDS * 1_000);
    memory.suspects.set(sender, true, readAt + SUSPECT_MS);
  } else {
    budget?.giveBack();
    memory.known.set(digest, entry, entry.until);
    memory.proven.set(digest, true, readAt + PROVEN_MS);
  }
  return entry;
}

async function entryOf(value: unknown, readAt: number): Promise<Entry | Denial> {
  if (typeof value !== "string") return "api_key_unknown";
  const record = apiKeyRecordSchema.safeParse(parseJson(value)).data;
  if (record === undefined) return "api_key_bad_record";
  const { id, account, scopes } = record;
  const scope = scopes.includes("balance:read") ? "balance:read" : "balance:status";
  const access = { account, scope } as const;
  const until = readAt + KEEP_SECONDS * 1_000;
  return { record, id: await callerId("api-key", id), access, until };
}
