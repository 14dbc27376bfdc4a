/** Which of an issuer's published keys may have signed a token. */
import type { ASYMMETRIC } from "../../config/config.ts";
import type { PublicKey } from "./jwks.ts";

/** What a token's header says of its signature. */
export interface SignedWith {
  readonly alg: (typeof ASYMMETRIC)[number];
  /** RFC 7515 makes it optional. */
  readonly kid: string | undefined;
}

/** Type and curve by algorithm (RFC 7518, section 3.4; RFC 8037); RSA for the others. */
const FORMS: Readonly<Record<string, string>> = {
  ES256: "EC P-256",
  ES384: "EC P-384",
  ES512: "EC P-521",
  EdDSA: "OKP Ed25519",
  Ed25519: "OKP Ed25519",
};

/** workerd imports a key that is said to be of another curve without a word. */
const formOf = ({ kty, crv }: PublicKey) => (kty === "RSA" ? kty : `${kty} ${crv}`);

/**
 * The keys to try: those for signatures, of the algorithm's type and curve and, if the token names one, of
 * that id (RFC 7517, section 4). That they are long enough and what they say they are, jose sees to.
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
