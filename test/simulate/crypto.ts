/**
 * Web Cryptography at once instead of in threads: virtual time need not wait for it. Whatever is not
 * replaced here runs as ever, and time stands still meanwhile.
 */
import { createHash, type KeyObject, KeyObject as NodeKey, sign, verify } from "node:crypto";
import type { VirtualClock } from "./clock.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** By signature: each isolate checks the same tokens again, and the outcome is the same. */
const verified = new Map<string, boolean>();
const nodeKeys = new WeakMap<object, KeyObject>();

function nodeKeyOf(key: CryptoKey): { key: KeyObject; dsaEncoding: "ieee-p1363" } {
  let made = nodeKeys.get(key);
  if (made === undefined) {
    made = NodeKey.from(key as Parameters<typeof NodeKey.from>[0]);
    nodeKeys.set(key, made);
  }
  return { key: made, dsaEncoding: "ieee-p1363" };
}

/** @returns what undoes it */
export function quickenCrypto(clock: VirtualClock): () => void {
  const { subtle } = crypto;
  const { importKey } = subtle;
  Object.assign(subtle, {
    digest: async (_: string, data: Bytes) =>
      new Uint8Array(createHash("sha256").update(data).digest()).buffer,
    verify: async (_: object, key: CryptoKey, signature: Bytes, data: Bytes) => {
      const id = Buffer.from(signature).toString("latin1");
      const known = verified.get(id);
      if (known !== undefined) return known;
      const outcome = verify("sha256", data, nodeKeyOf(key), signature);
      verified.set(id, outcome);
      return outcome;
    },
    sign: async (_: object, key: CryptoKey, data: Bytes) =>
      new Uint8Array(sign("sha256", data, nodeKeyOf(key))).buffer,
    importKey: (...given: Parameters<typeof importKey>) =>
      clock.outside(importKey.apply(subtle, given)),
  });
  return () => {
    verified.clear();
    for (const name of ["digest", "verify", "sign", "importKey"])
      Reflect.deleteProperty(subtle, name);
  };
}
