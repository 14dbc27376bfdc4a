import type { Store } from "./types.ts";

export function memoryStore(): Store {
  const texts = new Map<string, string>();
  return {
    read: (key) => texts.get(key) ?? null,
    write: (key, text) => void texts.set(key, text),
    clear: () => texts.clear(),
  };
}

/** For web views and pages: `webStore(localStorage)`. */
export function webStore(
  storage: Pick<Storage, "length" | "key" | "getItem" | "setItem" | "removeItem">,
  prefix = "zoo-balance:",
): Store {
  return {
    read: (key) => storage.getItem(prefix + key),
    write: (key, text) => storage.setItem(prefix + key, text),
    clear() {
      const keys = Array.from({ length: storage.length }, (_, n) => storage.key(n) ?? "");
      for (const key of keys) if (key.startsWith(prefix)) storage.removeItem(key);
    },
  };
}
