/** The bundle in raw workerd with chaos at hand: a KV of our own, moved time, and `workers/chaos.js` as its entry. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { inject } from "vitest";
import { listen } from "../listen.ts";
import { type RunningWorkerd, startWorkerd } from "../workerd.ts";
import { startZoo, type Zoo } from "../zoo/server.ts";
import { conform } from "./conform.ts";

/** A write that nobody waits for. */
const SLOW_WRITE_MS = 1_000;

/** Workers KV as workerd sees it: a small HTTP service. It outlives the workerd that uses it. */
export interface OutsideKv extends AsyncDisposable {
  readonly address: string;
  readonly values: Map<string, string>;
  /** Keys whose reads are answered never and whose writes late, or both with an error. */
  readonly trouble: Map<string, "slow" | "failing">;
}

const hostOf = async (server: Server) => new URL(await listen(server)).host;

export async function startKv(): Promise<OutsideKv> {
  const values = new Map<string, string>();
  const trouble = new Map<string, "slow" | "failing">();
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://kv");
    const key = decodeURIComponent(pathname.slice(1));
    const body = request.method === "PUT" ? await buffer(request) : null;
    if (trouble.get(key) === "slow") {
      // However late the Worker's deadline runs out on a busy machine, the answer would be later.
      if (request.method === "GET") return;
      await sleep(SLOW_WRITE_MS, undefined, { ref: false });
    }
    if (trouble.get(key) === "failing") response.writeHead(500).end();
    else if (body !== null) {
      values.set(key, body.toString());
      response.end();
    } else if (request.method === "DELETE") {
      values.delete(key);
      response.end();
    } else if (values.has(key)) response.end(values.get(key));
    else response.writeHead(404).end();
  });
  return {
    address: await hostOf(server),
    values,
    trouble,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** What the Worker sent to https://hooks.example.com, whose part this process takes. */
export interface Hook {
  readonly headers: Record<string, string>;
  readonly body: string;
  /** What it was answered. */
  readonly status: number;
}

/** Lets all through but that one host, over sockets in any case. */
const outboundTo = (address: string) => `
export default {
  async fetch(request) {
    if (new URL(request.url).hostname !== "hooks.example.com") return fetch(request);
    const { method, headers } = request;
    return fetch("http://${address}/", { method, headers, body: await request.text(), redirect: "manual" });
  },
};`;

export interface Chaos extends AsyncDisposable {
  readonly zoo: Zoo;
  /** Where it believes Zoo to be. */
  readonly zooUrl: string;
  readonly kv: OutsideKv;
  readonly url: string;
  readonly hooks: readonly Hook[];
  /** Log lines and, after the word "metric", metric points. */
  readonly logs: readonly string[];
  /** What is stored for the account in its object, which starts anew with it. */
  seed(account: string, state: unknown): Promise<void>;
  restart(account: string): Promise<void>;
  /** The cron's refresh of the account, and its object's alarm, whatever the platform's clock shows. */
  tick(account: string): Promise<void>;
  /** The most entries that any Map in the Worker has held. */
  largestMap(): Promise<number>;
  /** Stops the Worker's clock: from here on time passes by {@link move} alone, however slow the machine is. */
  freeze(): Promise<void>;
  /** Moves the Worker's clock forward. */
  move(ms: number): Promise<void>;
  /**
   * From here on only these deadlines run out, by the milliseconds that the Worker gives them, after as many
   * as are said: the verdict is about what never answers, and not about how slow the machine is.
   */
  onlyDeadlines(only: Readonly<Record<number, number>>): Promise<void>;
  /** `GET /v1/balance`, with the credential of a caller of the account. */
  balance(account: string, headers?: Record<string, string>): Promise<Response>;
  /** Ends workerd at once, as a power cut would. */
  kill(): Promise<void>;
}

export interface ChaosOptions {
  readonly vars?: Readonly<Record<string, string>>;
  /** Names of accounts, and the secrets that hold their tokens. */
  readonly accounts: Readonly<Record<string, string>>;
  /** Shared with workerds before and after this one; by default its own. */
  readonly zoo?: Zoo;
  readonly kv?: OutsideKv;
  readonly storage?: string;
  /** The deployed version that the bundle says it is. */
  readonly version?: string;
  /** Requests a minute, by the rate limit's binding; by default nothing is limited. */
  readonly limits?: Readonly<Record<string, number>>;
  /** The status that the receiver of alerts answers; by default 204. */
  readonly hookStatus?: (n: number) => number;
}

export async function startChaos(options: ChaosOptions): Promise<Chaos> {
  const zoo = options.zoo ?? (await startZoo());
  const kv = options.kv ?? (await startKv());
  const issuer = { issuer: zoo.issuer, audience: zoo.audience, jwks_url: zoo.jwksUrl };
  const hooks: Hook[] = [];
  const receiver = createServer(async (request, response) => {
    const body = (await buffer(request)).toString();
    const status = options.hookStatus?.(hooks.length + 1) ?? 204;
    hooks.push({ headers: request.headers as Hook["headers"], body, status });
    response.writeHead(status).end();
  });
  const hookAddress = await hostOf(receiver);
  const accounts = Object.entries(options.accounts).map(([name, token]) => [name, { token }]);
  const bundle = await readFile(join(inject("bundle"), "index.js"), "utf8");
  const workerd: RunningWorkerd = await startWorkerd({
    script: await readFile(join(import.meta.dirname, "workers/chaos.js"), "utf8"),
    modules: { "bundle.js": bundle.replace('"local"', JSON.stringify(options.version ?? "local")) },
    vars: {
      ZOO_API_URL: zoo.url,
      ZOO_API_TOKEN: zoo.token,
      KEEP_FRESH_SECONDS: "0",
      JWT_ISSUERS: JSON.stringify([{ ...issuer, account_claim: "account" }]),
      ACCOUNTS: JSON.stringify(Object.fromEntries(accounts)),
      LIMITS: JSON.stringify(options.limits ?? {}),
      ...options.vars,
    },
    outbound: outboundTo(hookAddress),
    outsideKv: { BALANCE_KV: kv.address, API_KEYS: kv.address },
    objects: { ACCOUNT_BALANCE: "AccountBalance", ISSUER_KEYS: "IssuerKeys" },
    ...(options.storage === undefined ? {} : { storage: options.storage }),
  });
  const { url, logs, kill } = workerd;
  const tokens = new Map<string, string>();
  /** Longer than any time that is moved. */
  const sign = (account: string) => zoo.signToken({ account }, { expiresIn: 30 * 86_400 });
  const order = async (body: object) => {
    const answer = await fetch(`${url}/__chaos`, { method: "POST", body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
    return answer;
  };
  const tell = async (body: object) => void (await order(body));
  return {
    zoo,
    zooUrl: options.vars?.ZOO_API_URL ?? zoo.url,
    kv,
    url,
    hooks,
    logs,
    kill,
    seed: (account, state) => tell({ op: "seed", account, state }),
    restart: (account) => tell({ op: "restart", account }),
    tick: (account) => tell({ op: "tick", account }),
    largestMap: async () => Number(await (await order({ op: "largest map" })).json()),
    freeze: () => tell({ op: "freeze" }),
    move: (ms) => tell({ op: "move", ms }),
    onlyDeadlines: (only) => tell({ op: "deadlines", only }),
    async balance(account, headers = {}) {
      const token = tokens.get(account) ?? (await sign(account));
      tokens.set(account, token);
      const authorization = `Bearer ${token}`;
      const response = await fetch(`${url}/v1/balance`, { headers: { authorization, ...headers } });
      await conform("get", "/v1/balance", response);
      return response;
    },
    async [Symbol.asyncDispose]() {
      await workerd[Symbol.asyncDispose]();
      receiver.closeAllConnections();
      receiver.close();
      if (options.zoo === undefined) await zoo.close();
      if (options.kv === undefined) await kv[Symbol.asyncDispose]();
    },
  };
}
