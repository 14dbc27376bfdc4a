/** Which of an issuer's published keys may have signed a token. */
import type { ASYMMETRIC } from "../../config/issuers.ts";
import type { PublicKey } from "./jwks.ts";

/** What a token's header says about its signature. */
export interface SignedWith {
  readonly alg: (typeof ASYMMETRIC)[number];
  /** Optional (RFC 7515, section 4.1.4). */
  readonly kid: string | undefined;
}

/** The key type and curve that an algorithm needs (RFC 7518, section 3.4; RFC 8037); RSA for the others. */
const FORMS: Readonly<Record<string, string>> = {
  ES256: "EC P-256",
  ES384: "EC P-384",
  ES512: "EC P-521",
  EdDSA: "OKP Ed25519",
  Ed25519: "OKP Ed25519",
};

/** Compared here because workerd imports a key under a wrong curve name without an error. */
const formOf = ({ kty, crv }: PublicKey) => (kty === "RSA" ? kty : `${kty} ${crv}`);

/**
 * The keys to try: usable for signatures, of the algorithm's type and curve and, if the token names a key
 * id, with that id (RFC 7517, section 4). jose checks that they are long enough and well formed.
 */
export function keysToTry(keys: readonly PublicKey[], { alg, kid }: SignedWith): PublicKey[] {
  const form = FORMS[alg] ?? "RSA";
  return keys.filter(
    (key) =>
      formOf(key) === form &&
      (key.use ?? "sig") === "sig" &&
      [key.key_ops ?? "verify"].flat().includes("verify") &&
      (key.alg === undefined || key.alg === alg) &&
      (kid === undefined || key.kid === kid),
  );
}
