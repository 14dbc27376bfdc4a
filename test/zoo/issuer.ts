import { exportJWK, generateKeyPair, SignJWT } from "jose";

export interface SignOptions {
  /** Seconds from now; negative makes a token that has expired. */
  expiresIn?: number | undefined;
  kid?: string | undefined;
  alg?: string | undefined;
}

export interface Issuer {
  readonly jwks: { keys: Record<string, unknown>[] };
  signToken(claims?: Record<string, unknown>, options?: SignOptions): Promise<string>;
}

export async function createIssuer(issuer: string, audience: string): Promise<Issuer> {
  // A new key has a new id, or a key set kept from an earlier start would be taken for this one.
  const kid = crypto.randomUUID();
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: "ES256", use: "sig" };

  return {
    jwks: { keys: [jwk] },
    async signToken(claims = {}, options = {}) {
      const now = Math.floor(Date.now() / 1000);
      const payload = {
        sub: "demo-user",
        iss: issuer,
        aud: audience,
        iat: now,
        exp: now + (options.expiresIn ?? 43_200),
        ...claims,
      };
      const alg = options.alg ?? "ES256";
      // Another algorithm gets a key of its own that the key set does not hold: such a token is
      // well-formed, and must be refused.
      const key =
        alg === "ES256"
          ? privateKey
          : alg.startsWith("HS")
            ? new TextEncoder().encode("a shared secret that nobody should ever accept".repeat(2))
            : (await generateKeyPair(alg)).privateKey;
      return new SignJWT(payload)
        .setProtectedHeader({ alg, kid: options.kid ?? kid, typ: "JWT" })
        .sign(key);
    },
  };
}
