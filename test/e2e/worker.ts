/** A started Worker over real sockets, with a stand-in Zoo of its own. */
import { createTestHarness } from "wrangler";
import { startZoo, type Zoo } from "../zoo/server.ts";

export interface StartedWorker extends AsyncDisposable {
  readonly zoo: Zoo;
  readonly harness: ReturnType<typeof createTestHarness>;
  readonly url: string;
  /** A credential of the stand-in's issuer. */
  readonly token: string;
  /** `GET /v1/balance` with the credential, and what else is given. */
  balance(headers?: Record<string, string>): Promise<Response>;
  close(): Promise<void>;
}

export async function startWorker(
  vars: Record<string, string | number | boolean> = {},
): Promise<StartedWorker> {
  const zoo = await startZoo();
  const issuers = [{ issuer: zoo.issuer, audience: zoo.audience, jwks_url: zoo.jwksUrl }];
  const harness = createTestHarness({
    workers: [
      {
        configPath: new URL("../../wrangler.toml", import.meta.url),
        vars: { ZOO_API_URL: zoo.url, JWT_ISSUERS: JSON.stringify(issuers), ...vars },
        secrets: { ZOO_API_TOKEN: zoo.token },
      },
    ],
  });
  const { url } = await harness.listen();
  const token = await zoo.signToken();
  const close = async () => {
    await harness.close();
    await zoo.close();
  };
  return {
    zoo,
    harness,
    url: url.origin,
    token,
    balance: (headers = {}) =>
      fetch(new URL("/v1/balance", url), {
        headers: { authorization: `Bearer ${token}`, ...headers },
      }),
    close,
    [Symbol.asyncDispose]: close,
  };
}
