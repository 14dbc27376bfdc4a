import {
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type JWTHeaderParameters,
  SignJWT,
} from "jose";

export interface SignOptions {
  /** Seconds from now; negative makes a token that has expired. */
  readonly expiresIn?: number | undefined;
  readonly alg?: Algorithm | undefined;
  /** Put into the protected header, over `alg`, `kid` and `typ`. */
  readonly header?: Partial<JWTHeaderParameters> | undefined;
}

export type Algorithm = "ES256" | "RS256";

/** What signs tokens: tests forge with it what the issuer would not sign. */
export interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly jwk: Record<string, unknown>;
}

export interface Issuer {
  readonly keys: Readonly<Record<Algorithm, SigningKey>>;
  readonly jwks: { keys: Record<string, unknown>[] };
  signToken(claims?: Record<string, unknown>, options?: SignOptions): Promise<string>;
}

export async function createIssuer(
  issuer: string,
  audience: string,
  kept?: SigningKey,
): Promise<Issuer> {
  const [ES256, RS256] = await Promise.all([kept ?? newKey("ES256"), newKey("RS256")]);
  const keys = { ES256, RS256 };
  return {
    keys,
    jwks: { keys: [ES256.jwk, RS256.jwk] },
    async signToken(claims = {}, { expiresIn = 43_200, alg = "ES256", header = {} } = {}) {
      const now = Math.floor(Date.now() / 1000);
      const payload = {
        sub: "demo-user",
        iss: issuer,
        aud: audience,
        iat: now,
        exp: now + expiresIn,
        ...claims,
      };
      const { kid, privateKey } = keys[alg];
      return new SignJWT(payload)
        .setProtectedHeader({ alg, kid, typ: "JWT", ...header })
        .sign(privateKey);
    },
  };
}

/** @param options for jose, such as `extractable` */
export async function newKey(alg: Algorithm, options = {}): Promise<SigningKey> {
  // A new key has a new id, or a key set kept from an earlier start would be taken for this one.
  const kid = crypto.randomUUID();
  const { publicKey, privateKey } = await generateKeyPair(alg, options);
  const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: "sig" };
  return { kid, privateKey, jwk };
}
