/** Until when the account's value is kept fresh because somebody reads it. Survives restarts and deploys. */
import * as z from "zod/mini";
import { moment, version } from "../lib/schema.ts";

const STORAGE_KEY = "readers";
const storedSchema = z.strictObject({
  v: version(1),
  /** The alarm, which refreshes for the readers, has no request to name it. */
  account: z.string(),
  kept_until: moment,
});

/** A small extension is not worth a write: after a restart at most this share of the time is lost. */
const WORTH_A_WRITE = 1 / 8;

export class Readers {
  readonly #storage: DurableObjectStorage;
  #account: string | null;
  #keptUntil: number;
  #storedUntil: number;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    const stored = storedSchema.safeParse(storage.kv.get(STORAGE_KEY));
    this.#account = stored.data?.account ?? null;
    this.#keptUntil = stored.data?.kept_until ?? 0;
    this.#storedUntil = this.#keptUntil;
  }

  /** The account they read; null while there was no reader. */
  get account(): string | null {
    return this.#account;
  }

  /** @returns epoch milliseconds; 0 when it is not kept fresh */
  keptUntil(keepFreshSeconds: number, now: number): number {
    // Further ahead than ever set: written before the clock moved back, or under another configuration.
    return Math.min(this.#keptUntil, now + keepFreshSeconds * 1_000);
  }

  /** Somebody has read the account. */
  seen(account: string, keepFreshSeconds: number, now: number): void {
    if (keepFreshSeconds === 0) return;
    this.#account = account;
    this.#keptUntil = now + keepFreshSeconds * 1_000;
    const worth = keepFreshSeconds * 1_000 * WORTH_A_WRITE;
    if (Math.abs(this.#keptUntil - this.#storedUntil) < worth) return;
    this.#storedUntil = this.#keptUntil;
    this.#storage.kv.put(STORAGE_KEY, { v: 1, account, kept_until: this.#keptUntil });
  }
}
