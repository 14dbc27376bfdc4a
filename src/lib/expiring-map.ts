/**
 * A bounded cache with an expiry time per entry. When full it evicts the entry that was set first (FIFO,
 * not LRU), so a caller must cope with a miss at any time.
 */
export class ExpiringMap<V> {
  readonly #maxSize: number;
  readonly #entries = new Map<string, { readonly value: V; readonly until: number }>();

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (Date.now() < entry.until) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  /** @param until epoch milliseconds */
  set(key: string, value: V, until: number): void {
    this.#entries.delete(key);
    if (this.#entries.size >= this.#maxSize) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        break;
      }
    }
    this.#entries.set(key, { value, until });
  }
}
