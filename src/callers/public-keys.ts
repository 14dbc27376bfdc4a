/** Which of an issuer's published keys may have signed a token. */
import type { ASYMMETRIC } from "../config.ts";
import type { PublicKey } from "./stored-keys.ts";

/** What a token's header says of its signature. */
export interface SignedWith {
  readonly alg: (typeof ASYMMETRIC)[number];
  /** RFC 7515 makes it optional. */
  readonly kid: string | undefined;
}

/**
 * The keys to try: of the algorithm's type and, if the token names one, of that id. What else a key may
 * not be used for (curve, use, operations, length), jose knows and refuses.
 */
export function keysToTry(keys: readonly PublicKey[], { alg, kid }: SignedWith): PublicKey[] {
  const kty = alg.startsWith("ES") ? "EC" : alg.startsWith("Ed") ? "OKP" : "RSA";
  return keys.filter(
    (key) =>
      key.kty === kty &&
      (key.alg === undefined || key.alg === alg) &&
      (kid === undefined || key.kid === kid),
  );
}
