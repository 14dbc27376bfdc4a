/**
 * The deployable bundle in workerd, over real sockets in both directions, with a stand-in Zoo of its own.
 *
 * Miniflare itself rather than wrangler's test harness: that one sends the Worker's requests through
 * Node's fetch, which follows redirects whatever the Worker says.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare, Response as MiniflareResponse } from "miniflare";
import { inject } from "vitest";
import { startZoo, type Zoo } from "../zoo/server.ts";
import { conform } from "./conform.ts";

type Vars = Record<string, string | number | boolean>;

export interface StartedWorker extends AsyncDisposable {
  readonly zoo: Zoo;
  readonly runtime: Miniflare;
  readonly url: string;
  /** Where KV and the Durable Objects keep their files. */
  readonly storage: string;
  /** What the Worker has logged so far. */
  readonly logs: string[];
  /** A credential of the stand-in's issuer. */
  readonly token: string;
  /** `GET /v1/balance` with the credential, and what else is given. The answer is as described, or it throws. */
  balance(headers?: Record<string, string>): Promise<Response>;
  /** The same for `GET /v1/balance/status`. */
  status(headers?: Record<string, string>): Promise<Response>;
  close(): Promise<void>;
}

export interface WorkerOptions {
  /** Requests a minute; far above what a test sends unless given. */
  readonly callerLimit?: number;
  readonly failureLimit?: number;
  /** Where KV and the Durable Objects keep their files; by default a folder that ends with the Worker. */
  readonly storage?: string | null;
  /** Where a request of the Worker's goes instead, without its path; null to leave it as it is. */
  readonly outbound?: (url: URL) => string | null;
}

/** @param vars beside the stand-in's own; a function when they depend on where it listens */
export async function startWorker(
  vars: Vars | ((zoo: Zoo) => Vars) = {},
  {
    callerLimit = 1_000_000,
    failureLimit = 1_000_000,
    storage = null,
    outbound,
  }: WorkerOptions = {},
): Promise<StartedWorker> {
  const zoo = await startZoo();
  const folder = storage ?? (await mkdtemp(join(tmpdir(), "zoo-balance-e2e-")));
  const issuers = [{ issuer: zoo.issuer, audience: zoo.audience, jwks_url: zoo.jwksUrl }];
  const given = typeof vars === "function" ? vars(zoo) : vars;
  const logs: string[] = [];
  const runtime = new Miniflare({
    ...convertV4MiniflareOptions({
      ...inject("workerOptions"),
      name: "proxy",
      modules: true,
      rootPath: inject("bundle"),
      scriptPath: "index.js",
      // All of them: a developer's .dev.vars must not decide what is tested.
      bindings: {
        ZOO_API_URL: zoo.url,
        ZOO_API_TOKEN: zoo.token,
        JWT_ISSUERS: JSON.stringify(issuers),
        // Tests count calls to Zoo; that readers keep a value fresh has tests of its own.
        KEEP_FRESH_SECONDS: 0,
        ...given,
      },
      ratelimits: {
        CALLER_LIMIT: { namespace_id: "1", simple: { limit: callerLimit, period: 60 } },
        FAILURE_LIMIT: { namespace_id: "2", simple: { limit: failureLimit, period: 60 } },
      },
      ...(outbound && { outboundService: rerouted(outbound) }),
      host: "127.0.0.1",
      port: 0,
      cf: false,
      handleStructuredLogs: ({ message }) => logs.push(message),
    }),
    resourcePersistencePath: folder,
  });
  const url = await runtime.ready;
  const token = await zoo.signToken();
  const close = async () => {
    await runtime.dispose();
    await zoo.close();
    if (storage === null) await rm(folder, { recursive: true, force: true });
  };
  const ask = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(new URL(path, url), {
      headers: { authorization: `Bearer ${token}`, "cf-connecting-ip": address(), ...headers },
    });
    await conform("get", path, response);
    return response;
  };
  return {
    zoo,
    runtime,
    url: url.origin,
    storage: folder,
    logs,
    token,
    balance: (headers) => ask("/v1/balance", headers),
    status: (headers) => ask("/v1/balance/status", headers),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Each request of a test comes from an address of its own, unless the test says from where. */
function address(): string {
  return `10.${[...crypto.getRandomValues(new Uint8Array(3))].join(".")}`;
}

/** Sends what the Worker asks for elsewhere. Through Node's fetch, so only tests that need it do. */
function rerouted(outbound: NonNullable<WorkerOptions["outbound"]>) {
  return async (request: { url: string; method: string; headers: Iterable<[string, string]> }) => {
    const url = new URL(request.url);
    const target = outbound(url);
    const answer = await fetch(target === null ? url : `${target}${url.pathname}${url.search}`, {
      method: request.method,
      headers: [...request.headers].filter(([name]) => name !== "host"),
      redirect: "manual",
    });
    return new MiniflareResponse(await answer.text(), { status: answer.status });
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
