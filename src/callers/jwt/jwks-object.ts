/**
 * One Durable Object per issuer, the only code that fetches an identity provider's keys: a single flight,
 * and at most one fetch per cooldown worldwide, whatever a flood of tokens says. Known keys survive
 * failed fetches.
 */
import { DurableObject } from "cloudflare:workers";
import * as z from "zod/mini";
import type { Env } from "../../env.ts";
import { fetchText } from "../../lib/fetch-text.ts";
import { parseJson } from "../../lib/json.ts";
import { logLine, secondsBetween } from "../../lib/log.ts";
import { LogThrottle } from "../../lib/log-throttle.ts";
import { isPublicHttps, isSafeUrl } from "../../lib/url.ts";
import {
  jwksSchema,
  type StoredKeys,
  storedKeysFrom,
  storedKeysOf,
  writeKeysCopy,
} from "./jwks.ts";
import { KEYS_FRESH_MS } from "./key-set-plan.ts";

export interface KeysRequest {
  readonly id: string;
  readonly issuer: string;
  /** Null: located by OpenID discovery. */
  readonly jwksUrl: string | null;
  /** A token named a key that is not in the known set. */
  readonly miss: boolean;
  /** When the set it is not in was fetched, epoch milliseconds. A newer one is tried before any fetch. */
  readonly seenAt?: number;
}

/** Between two fetches for unknown key ids, so that made-up ones do not become a flood of fetches. */
const MISS_COOLDOWN_MS = 30_000;
const RETRY_MS = 5_000;
const TIMEOUT_MS = 5_000;
/** More than a hundred keys with their certificates. */
const MAX_BYTES = 1_024 * 1_024;
const STORAGE_KEY = "keys";
const MISS_STORAGE_KEY = "missed_at";
/** Some endpoints answer 406 unless their exact type is named, others know only plain JSON. */
const ACCEPT_KEYS = "application/jwk-set+json, application/json, */*;q=0.1";
const ACCEPT_JSON = "application/json, */*;q=0.1";

type FetchFailure =
  | "timeout"
  | "network"
  | "too_large"
  | `status_${number}`
  | "not_json"
  | "unexpected_json";
/** Why there are no keys to be had; the operator's handbook says what to do about each. */
type KeysFailure =
  | FetchFailure
  | "no_usable_keys"
  | `discovery_${FetchFailure}`
  | "discovery_issuer_differs"
  | "discovery_unsafe_url";

const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.string() });

export class IssuerKeys extends DurableObject<Env> {
  readonly #log = new LogThrottle();
  #stored: StoredKeys | null;
  #inFlight: Promise<void> | undefined;
  /** After a failure, no fetch before this. Epoch milliseconds, as all times here. */
  #retryAt = 0;
  /** Last fetch for an unknown key id. Stored, since an idle object is evicted after seconds. */
  #missedAt: number;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const now = Date.now();
    this.#stored = storedKeysFrom(ctx.storage.kv.get(STORAGE_KEY), now);
    const missedAt = ctx.storage.kv.get(MISS_STORAGE_KEY);
    this.#missedAt = typeof missedAt === "number" && missedAt <= now ? missedAt : 0;
  }

  /**
   * The keys, fetched first when there are none or they are old. An unknown key id also causes a fetch, at
   * once for the first after a quiet time; then once in {@link MISS_COOLDOWN_MS}.
   */
  async keys(request: KeysRequest): Promise<StoredKeys | null> {
    const now = Date.now();
    const isOld = this.#stored === null || now - this.#stored.fetched_at > KEYS_FRESH_MS;
    const isNewer = this.#stored !== null && this.#stored.fetched_at > (request.seenAt ?? now);
    const isMiss = request.miss && !isNewer;
    const isDue = isOld || (isMiss && now >= this.#missedAt + MISS_COOLDOWN_MS);
    if (isDue && this.#inFlight === undefined && now >= this.#retryAt) {
      this.#inFlight = this.#fetch(request, isOld).finally(() => {
        this.#inFlight = undefined;
      });
      this.ctx.waitUntil(this.#inFlight);
    }
    if (isOld || isMiss) await this.#inFlight;
    return this.#stored;
  }

  /** The keys as they are stored, at once. */
  peek(): StoredKeys | null {
    return this.#stored;
  }

  async #fetch({ id, issuer, jwksUrl }: KeysRequest, isOld: boolean): Promise<void> {
    const { keys, url } = await fetchKeys(issuer, jwksUrl);
    const now = Date.now();
    const upstream = URL.parse(url)?.host;
    if (typeof keys === "string") {
      this.#retryAt = now + RETRY_MS;
      const stored_age_s = secondsBetween(this.#stored?.fetched_at ?? null, now);
      this.#log.log("error", "keys_failed", { issuer, reason: keys, upstream, stored_age_s });
      return;
    }
    this.#stored = { v: 1, id, fetched_at: now, keys };
    this.ctx.storage.kv.put(STORAGE_KEY, this.#stored);
    if (!isOld) {
      this.#missedAt = now;
      this.ctx.storage.kv.put(MISS_STORAGE_KEY, now);
    }
    logLine("info", "keys_refreshed", { issuer, upstream });
    this.ctx.waitUntil(writeKeysCopy(this.env.BALANCE_KV, this.#stored, this.#log));
  }
}

interface Fetched {
  readonly keys: StoredKeys["keys"] | KeysFailure;
  /** What was called last. */
  readonly url: string;
}

async function fetchKeys(issuer: string, jwksUrl: string | null): Promise<Fetched> {
  const discovery = `${issuer.replace(/\/+$/, "")}/.well-known/openid-configuration`;
  const found = jwksUrl === null ? await discover(issuer, discovery) : { url: jwksUrl };
  if (typeof found === "string") return { keys: found, url: discovery };
  const { url } = found;
  const published = await fetchJson(url, jwksSchema, ACCEPT_KEYS);
  if (typeof published === "string") return { keys: published, url };
  return { keys: storedKeysOf(published) ?? "no_usable_keys", url };
}

/** Where an issuer says that its keys are (OpenID Connect Discovery). */
async function discover(
  issuer: string,
  url: string,
): Promise<{ readonly url: string } | KeysFailure> {
  const document = await fetchJson(url, discoverySchema, ACCEPT_JSON);
  if (typeof document === "string") return `discovery_${document}`;
  // Section 4.3: otherwise another provider's keys would pass for this one's.
  if (document.issuer !== issuer) return "discovery_issuer_differs";
  const { jwks_uri } = document;
  // What a public provider publishes must not make this object call into its own network.
  const isAllowed = isPublicHttps(issuer) ? isPublicHttps(jwks_uri) : isSafeUrl(jwks_uri);
  return isAllowed ? { url: jwks_uri } : "discovery_unsafe_url";
}

async function fetchJson<T extends z.ZodMiniType>(
  url: string,
  schema: T,
  accept: string,
): Promise<z.infer<T> | FetchFailure> {
  const answer = await fetchText(url, TIMEOUT_MS, { accept }, { maxBytes: MAX_BYTES });
  if (answer.end !== "whole") return answer.end;
  if (answer.head.status !== 200) return `status_${answer.head.status}`;
  const value = parseJson(answer.body);
  if (value === undefined) return "not_json";
  const { success, data } = schema.safeParse(value);
  return success ? data : "unexpected_json";
}
