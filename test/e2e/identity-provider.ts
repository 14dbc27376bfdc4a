/** An identity provider over a real socket, with real keys: publishes what a test says, and signs. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import {
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
} from "jose";
import { listen } from "../listen.ts";

export interface ProviderKey {
  readonly alg: string;
  readonly kid: string | undefined;
  readonly privateKey: CryptoKey;
  /** The public JWK, with neither `alg` nor `use`. */
  readonly jwk: Record<string, unknown>;
  sign(claims: JWTPayload, header?: Partial<JWTHeaderParameters>): Promise<string>;
}

/** @param kid a random one by default; null for none */
export async function newKey(
  alg = "ES256",
  kid: string | null = crypto.randomUUID(),
): Promise<ProviderKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const id = kid === null ? {} : { kid };
  return {
    alg,
    kid: kid ?? undefined,
    privateKey,
    jwk: { ...(await exportJWK(publicKey)), ...id },
    sign(claims, header = {}) {
      const now = Math.floor(Date.now() / 1_000);
      return new SignJWT({ sub: "somebody", iat: now, exp: now + 600, ...claims })
        .setProtectedHeader({ alg, ...id, ...header })
        .sign(privateKey);
    },
  };
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body: unknown;
}

export interface Provider extends AsyncDisposable {
  readonly url: string;
  readonly jwksUrl: string;
  /** Requests for key sets, whatever their path. */
  readonly requests: { readonly path: string; readonly headers: IncomingHttpHeaders }[];
  /** The set at any path that has no answer of its own. */
  publish(...keys: (ProviderKey | object)[]): void;
  /** Another answer, at one path or at all. */
  answer(make: (path: string, headers: IncomingHttpHeaders) => Answer | null): void;
}

export async function startProvider(): Promise<Provider> {
  const requests: Provider["requests"] = [];
  let keys: object[] = [];
  let special: Parameters<Provider["answer"]>[0] = () => null;
  const server = createServer(({ url: path = "/", headers }, response) => {
    requests.push({ path, headers });
    const answer: Answer = special(path, headers) ?? { body: { keys } };
    const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body);
    response.writeHead(answer.status ?? 200, answer.headers).end(text);
  });
  const url = await listen(server);
  return {
    url,
    jwksUrl: `${url}/jwks`,
    requests,
    publish(...published) {
      keys = published.map((key) => ("jwk" in key ? (key.jwk as object) : key));
    },
    answer(make) {
      special = make;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
