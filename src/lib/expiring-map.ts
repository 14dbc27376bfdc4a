/**
 * A bounded cache with an expiry time per entry. When full it evicts the entries that were set first (FIFO,
 * not LRU), so a caller must cope with a miss at any time.
 */
export class ExpiringMap<V> {
  readonly #maxSize: number;
  readonly #maxKeyChars: number;
  #keyChars = 0;
  readonly #entries = new Map<string, { readonly value: V; readonly until: number }>();

  /** @param maxKeyChars of all keys together, for keys whose length callers choose */
  constructor(maxSize: number, maxKeyChars = Number.POSITIVE_INFINITY) {
    this.#maxSize = maxSize;
    this.#maxKeyChars = maxKeyChars;
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (Date.now() < entry.until) return entry.value;
    this.#delete(key);
    return undefined;
  }

  /** @param until epoch milliseconds */
  set(key: string, value: V, until: number): void {
    this.#delete(key);
    for (const oldest of this.#entries.keys()) {
      const isFull = this.#entries.size >= this.#maxSize;
      if (!isFull && this.#keyChars + key.length <= this.#maxKeyChars) break;
      this.#delete(oldest);
    }
    this.#entries.set(key, { value, until });
    this.#keyChars += key.length;
  }

  #delete(key: string): void {
    if (this.#entries.delete(key)) this.#keyChars -= key.length;
  }
}
