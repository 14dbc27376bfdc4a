/** A started Worker over real sockets, with a stand-in Zoo of its own. */
import { createTestHarness } from "wrangler";
import { startZoo, type Zoo } from "../zoo/server.ts";

type Vars = Record<string, string | number | boolean>;

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

/** @param vars beside the stand-in's own; a function when they depend on where it listens */
export async function startWorker(vars: Vars | ((zoo: Zoo) => Vars) = {}): Promise<StartedWorker> {
  const zoo = await startZoo();
  const issuers = [{ issuer: zoo.issuer, audience: zoo.audience, jwks_url: zoo.jwksUrl }];
  const given = typeof vars === "function" ? vars(zoo) : vars;
  const harness = createTestHarness({
    workers: [
      {
        configPath: new URL("../../wrangler.toml", import.meta.url),
        vars: { ZOO_API_URL: zoo.url, JWT_ISSUERS: JSON.stringify(issuers), ...given },
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

/** Variables under which the claim "account" of a token names the account. */
export function accountVars(zoo: Zoo, accounts: Record<string, "user" | "org">): Vars {
  const issuer = { issuer: zoo.issuer, audience: zoo.audience, jwks_url: zoo.jwksUrl };
  const named = Object.entries(accounts).map(([name, subject]) => [
    name,
    { token: "ZOO_API_TOKEN", subject },
  ]);
  return {
    JWT_ISSUERS: JSON.stringify([{ ...issuer, account_claim: "account" }]),
    ACCOUNTS: JSON.stringify(Object.fromEntries(named)),
  };
}

/** The headers of a caller of an account, for {@link StartedWorker.balance}. */
export async function callerOf(zoo: Zoo, account: string): Promise<{ authorization: string }> {
  return { authorization: `Bearer ${await zoo.signToken({ account })}` };
}

/** What tests look at in a view. */
export interface SeenView {
  readonly account: string;
  readonly available: string;
  readonly as_of: string;
  readonly stale: boolean;
  readonly stale_reason: string | null;
}

/** The view of a 200. */
export async function viewOf(response: Response): Promise<SeenView> {
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as SeenView;
}
