/**
 * One Durable Object per issuer, the only code that fetches an identity provider's keys: a single flight,
 * and at most one fetch per cooldown worldwide, whatever a flood of tokens says. Known keys survive
 * failed fetches.
 */
import { DurableObject } from "cloudflare:workers";
import * as z from "zod/mini";
import type { Env } from "../../env.ts";
import { fetchText } from "../../lib/fetch-text.ts";
import { logLine } from "../../lib/log.ts";
import { isSafeUrl } from "../../lib/url.ts";
import {
  jwksSchema,
  publicKeysOf,
  type StoredKeys,
  storedKeysSchema,
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
}

/** Between two fetches, so that made-up key ids do not become a flood of fetches. */
const COOLDOWN_MS = 30_000;
const RETRY_MS = 5_000;
const TIMEOUT_MS = 5_000;
const STORAGE_KEY = "keys";

const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.string() });

export class IssuerKeys extends DurableObject<Env> {
  #stored: StoredKeys | null;
  #inFlight: Promise<void> | undefined;
  /** No fetch before this, epoch milliseconds. */
  #nextAt = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const stored = storedKeysSchema.safeParse(ctx.storage.kv.get(STORAGE_KEY));
    this.#stored = stored.success ? stored.data : null;
  }

  /** The keys, fetched first when there are none, they are old, or a token's key is not in the set. */
  async keys(request: KeysRequest): Promise<StoredKeys | null> {
    const now = Date.now();
    const old = this.#stored === null || now - this.#stored.fetched_at > KEYS_FRESH_MS;
    if (old || request.miss) {
      // The stored time counts too: an idle object is evicted after seconds, and forgets #nextAt.
      const nextAt = Math.max(this.#nextAt, (this.#stored?.fetched_at ?? 0) + COOLDOWN_MS);
      if (this.#inFlight === undefined && now >= nextAt) {
        this.#inFlight = this.#fetch(request).finally(() => {
          this.#inFlight = undefined;
        });
        this.ctx.waitUntil(this.#inFlight);
      }
      await this.#inFlight;
    }
    return this.#stored;
  }

  async #fetch({ id, issuer, jwksUrl }: KeysRequest): Promise<void> {
    const keys = await fetchKeys(issuer, jwksUrl);
    const now = Date.now();
    this.#nextAt = now + (typeof keys === "string" ? RETRY_MS : COOLDOWN_MS);
    if (typeof keys === "string") {
      logLine("error", "keys_failed", { issuer, reason: keys });
      return;
    }
    this.#stored = { v: 1, id, fetched_at: now, keys };
    this.ctx.storage.kv.put(STORAGE_KEY, this.#stored);
    logLine("info", "keys_refreshed", { issuer });
    this.ctx.waitUntil(writeKeysCopy(this.env.BALANCE_KV, this.#stored));
  }
}

/** The keys, or the reason why there are none. */
async function fetchKeys(
  issuer: string,
  jwksUrl: string | null,
): Promise<StoredKeys["keys"] | string> {
  let url = jwksUrl;
  if (url === null) {
    const base = issuer.replace(/\/+$/, "");
    const document = await fetchJson(`${base}/.well-known/openid-configuration`, discoverySchema);
    if (typeof document === "string") return `discovery_${document}`;
    // OpenID Connect Discovery, section 4.3: otherwise another provider's keys would pass for this one's.
    if (document.issuer !== issuer) return "discovery_issuer_differs";
    if (!isSafeUrl(document.jwks_uri)) return "discovery_unsafe_url";
    url = document.jwks_uri;
  }
  const published = await fetchJson(url, jwksSchema);
  if (typeof published === "string") return published;
  const keys = publicKeysOf(published);
  return keys.length === 0 ? "no_usable_keys" : keys;
}

async function fetchJson<T extends z.ZodMiniType>(
  url: string,
  schema: T,
): Promise<z.infer<T> | string> {
  const answer = await fetchText(url, TIMEOUT_MS);
  if (answer.end !== "whole") return answer.end;
  if (answer.head.status !== 200) return `status_${answer.head.status}`;
  try {
    const { success, data } = schema.safeParse(JSON.parse(answer.body));
    return success ? data : "unexpected_json";
  } catch {
    return "not_json";
  }
}
