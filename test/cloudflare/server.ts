/**
 * A stand-in of Cloudflare's API, as far as wrangler and `npm run report` call it for this project: one
 * account in memory, with the real API's refusals by their numbers. A call that it does not know is a 404
 * of code 7003, and stands in `unknown`.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { listen } from "../listen.ts";
import { ACCOUNT_ID, type Account, newAccount } from "./account.ts";
import { ANALYTICS_ROUTES } from "./analytics.ts";
import { ASSET_ROUTES } from "./assets.ts";
import { type Answer, type Call, find, Refusal, type Routes, refused } from "./call.ts";
import { DOMAIN_ROUTES, USER_ROUTES } from "./domains.ts";
import { KV_ROUTES } from "./kv.ts";
import { SCRIPT_ROUTES } from "./scripts.ts";
import { SECRET_ROUTES } from "./secrets.ts";
import { TAIL_ROUTES, Tails } from "./tails.ts";

const ACCOUNT_ROUTES: Routes = {
  ...SCRIPT_ROUTES,
  ...SECRET_ROUTES,
  ...DOMAIN_ROUTES,
  ...ASSET_ROUTES,
  ...KV_ROUTES,
  ...TAIL_ROUTES,
  ...ANALYTICS_ROUTES,
};
const PREFIX = "/client/v4";
const ACCOUNT_PREFIX = `/accounts/${ACCOUNT_ID}`;

/**
 * - `fail`: 500, and nothing is done.
 * - `forbid`: 403, as to a token without the permission.
 * - `hang`: nothing is done, and no answer ever comes.
 * - `cut`: it is done, and the connection breaks in the middle of the answer.
 */
export const FAULTS = ["fail", "forbid", "hang", "cut"] as const;
export type Fault = (typeof FAULTS)[number];

export interface Cloudflare extends AsyncDisposable {
  readonly account: Account;
  /** For the environment of wrangler. */
  readonly env: Readonly<Record<string, string>>;
  /** Every call so far: method and path below the account. */
  readonly calls: string[];
  /** Calls that are not understood. */
  readonly unknown: string[];
  readonly tails: Tails;
  /** Befalls every call of that method and path (its `calls` entry) from now on. */
  setFault(call: string, fault: Fault): void;
  clearFaults(): void;
}

/** @param token the only one that is let in */
export async function startCloudflare(token = "an-operators-token"): Promise<Cloudflare> {
  const account = newAccount();
  const tails = new Tails();
  const calls: string[] = [];
  const unknown: string[] = [];
  const faults = new Map<string, Fault>();
  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      console.error("cloudflare stand-in:", error);
      response.destroy();
    });
  });
  server.on("upgrade", (request, socket) => tails.accept(request, socket));
  const origin = await listen(server);

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", origin);
    const full = url.pathname.replace(PREFIX, "");
    const inAccount = full.startsWith(`${ACCOUNT_PREFIX}/`);
    const path = inAccount ? full.slice(ACCOUNT_PREFIX.length) : full;
    const { method = "GET", headers } = request;
    const body = await buffer(request);
    const call = { account, method, path, query: url.searchParams, headers, body, origin };
    calls.push(`${method} ${path}`);
    const fault = faults.get(`${method} ${path}`);
    if (fault === "hang") return;
    const answer = await answerOf(call, inAccount ? ACCOUNT_ROUTES : USER_ROUTES, fault);
    const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body);
    response.writeHead(answer.status, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(text),
    });
    if (fault !== "cut") return void response.end(text);
    response.write(text.slice(0, text.length / 2), () => response.destroy());
  }

  async function answerOf(call: Call, routes: Routes, fault: Fault | undefined): Promise<Answer> {
    try {
      if (fault === "fail") throw new Refusal(500, 10002, "An unknown error has occurred.");
      // A file's contents are uploaded with the token of their upload.
      const isUpload = call.path === "/workers/assets/upload";
      if (fault === "forbid" || !(isUpload || call.headers.authorization === `Bearer ${token}`)) {
        throw new Refusal(403, 10000, "Authentication error");
      }
      const found = find(routes, call);
      if (found === null) {
        unknown.push(`${call.method} ${call.path}`);
        throw new Refusal(404, 7003, `No route for that URI: ${call.method} ${call.path}`);
      }
      return await found.handler(call, found.names);
    } catch (error) {
      if (error instanceof Refusal) return refused(error);
      throw error;
    }
  }

  return {
    account,
    env: {
      CLOUDFLARE_API_BASE_URL: `${origin}${PREFIX}`,
      CLOUDFLARE_API_TOKEN: token,
      // Wrangler would remember the one of an earlier run.
      CLOUDFLARE_ACCOUNT_ID: ACCOUNT_ID,
      WRANGLER_SEND_METRICS: "false",
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
      NO_COLOR: "1",
    },
    calls,
    unknown,
    tails,
    setFault: (call, fault) => void faults.set(call, fault),
    clearFaults: () => faults.clear(),
    async [Symbol.asyncDispose]() {
      tails.close();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
