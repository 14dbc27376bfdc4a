/** Which of an issuer's published keys may have signed a token. */
import type { Algorithm } from "../../config/issuers.ts";
import type { KeyNumbers, PublicKey } from "./public-key.ts";

/** What a token's header says about its signature. */
export interface SignedWith {
  readonly alg: Algorithm;
  /** Optional (RFC 7515, section 4.1.4). */
  readonly kid: string | undefined;
}

export interface KeysToTry {
  readonly keys: readonly KeyNumbers[];
  /** Whether the set has a key with the token's key id, fit or not. */
  readonly isNamed: boolean;
}

/** The key type and curve that an algorithm needs (RFC 7518, section 3.4; RFC 8037); RSA for the others. */
const FORMS: Readonly<Record<string, string>> = {
  ES256: "EC P-256",
  ES384: "EC P-384",
  ES512: "EC P-521",
  EdDSA: "OKP Ed25519",
  Ed25519: "OKP Ed25519",
};
/** `EdDSA` and `Ed25519` are two names of one algorithm for the keys here (RFC 9864, section 2.2). */
export const canonical = (alg: Algorithm) => (alg === "Ed25519" ? "EdDSA" : alg);

/** Compared here because workerd imports a key under a wrong curve name without an error. */
const formOf = ({ kty, crv }: KeyNumbers) => (kty === "RSA" ? kty : `${kty} ${crv}`);

/**
 * The keys of the algorithm's type and curve that are published for no other algorithm. If the token names
 * a key id, those with that id; where none has it, those without an id (RFC 7517, section 4.5).
 */
export function keysToTry(published: readonly PublicKey[], { alg, kid }: SignedWith): KeysToTry {
  const named = published.filter((key) => kid !== undefined && key.kid === kid);
  const isNamed = named.length > 0;
  const eligible = isNamed
    ? named
    : published.filter((key) => kid === undefined || key.kid === undefined);
  const keys = eligible.flatMap((key) => {
    if (key.numbers === null || formOf(key.numbers) !== (FORMS[alg] ?? "RSA")) return [];
    const isForAnother = key.alg !== undefined && canonical(key.alg) !== canonical(alg);
    return isForAnother ? [] : key.numbers;
  });
  return { keys, isNamed };
}
