/** What an isolate remembers of the issuers' key sets. */
import type { StoredKeys } from "./jwks.ts";
import { ABANDONED_MS, ASK_AGAIN_MS, type KnownKeys } from "./key-set-plan.ts";
import { type PublicKey, publicKeyOf } from "./public-key.ts";

export interface KeySet {
  readonly keys: readonly PublicKey[];
  /** Epoch milliseconds. */
  readonly fetchedAt: number;
}

/** Times in epoch milliseconds, 0 for never; see {@link KnownKeys}. */
interface Entry {
  keySet: KeySet | null;
  askedAt: number;
  lastMissAt: number;
  busySince: number;
  /** When the object was last asked because of an unknown key id, in vain. */
  refetchedAt: number;
}

/** One entry per configured issuer, so the configuration bounds it. */
export class KeySetMemory {
  readonly #entries = new Map<string, Entry>();

  keySetOf(id: string): KeySet | null {
    return this.#entryOf(id).keySet;
  }

  known(id: string): KnownKeys {
    const { keySet, askedAt, lastMissAt, busySince } = this.#entryOf(id);
    return { fetchedAt: keySet?.fetchedAt ?? null, askedAt, lastMissAt, busySince };
  }

  /** Whether a request looks the keys up, renews them or asks for newer ones. */
  isBusy(id: string): boolean {
    return Date.now() - this.#entryOf(id).busySince < ABANDONED_MS;
  }

  /** Keeps the newer of the known and the given keys, and returns it. */
  add(id: string, { keys, fetched_at }: StoredKeys): KeySet {
    const entry = this.#entryOf(id);
    if (entry.keySet === null || fetched_at > entry.keySet.fetchedAt) {
      entry.keySet = { keys: keys.flatMap((key) => publicKeyOf(key) ?? []), fetchedAt: fetched_at };
    }
    return entry.keySet;
  }

  /** Marks the key set as busy until `work` is done or the request cancelled. */
  whileBusy(
    id: string,
    work: Promise<unknown>,
    waitUntil: (work: Promise<unknown>) => void,
  ): Promise<unknown> {
    const entry = this.#entryOf(id);
    const since = Date.now();
    entry.busySince = since;
    const done = work.finally(() => {
      // Another request may have taken over from one that took too long.
      if (entry.busySince === since) entry.busySince = 0;
    });
    waitUntil(done);
    return done;
  }

  /** The object was asked: for {@link ASK_AGAIN_MS} the known keys are the newest there are. */
  markAsked(id: string): void {
    this.#entryOf(id).askedAt = Date.now();
  }

  /** Whether the object may be asked again because of an unknown key id. */
  mayRefetch(id: string): boolean {
    return Date.now() - this.#entryOf(id).refetchedAt >= ASK_AGAIN_MS;
  }

  markRefetched(id: string): void {
    this.#entryOf(id).refetchedAt = Date.now();
  }

  markMiss(id: string): void {
    this.#entryOf(id).lastMissAt = Date.now();
  }

  #entryOf(id: string): Entry {
    let entry = this.#entries.get(id);
    if (entry === undefined) {
      entry = { keySet: null, askedAt: 0, lastMissAt: 0, busySince: 0, refetchedAt: 0 };
      this.#entries.set(id, entry);
    }
    return entry;
  }
}
