import { randomUUID } from "node:crypto";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { json } from "node:stream/consumers";
import { listen } from "../listen.ts";
import { type Account, createAccount } from "./account.ts";
import { balanceBody, type Generation } from "./bodies.ts";
import { control } from "./control.ts";
import { type Fault, playFault } from "./faults.ts";
import { createIssuer, type Issuer, type SignOptions } from "./issuer.ts";

export type { Fault } from "./faults.ts";

export interface LoggedRequest {
  at: number;
  path: string;
  headers: IncomingHttpHeaders;
  /** Absent while, or because, no answer was finished. */
  status?: number;
}

export interface ZooOptions {
  port?: number;
  token?: string;
  generation?: Generation;
  audience?: string;
}

/** A stand-in for Zoo's API and for an issuer of callers' tokens. */
export interface Zoo {
  readonly url: string;
  readonly token: string;
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl: string;
  readonly keys: Issuer["keys"];
  readonly balanceRequests: LoggedRequest[];
  readonly jwksRequests: LoggedRequest[];
  /** `/user` and `/org`. */
  readonly account: Account;
  /** Whether a followed redirect brought an Authorization header with it. */
  readonly leaked: boolean;
  setGeneration(generation: Generation): void;
  /** Answers this text with status 200, whatever it is; null goes back to the generation's body. */
  setBody(raw: string | null): void;
  /** For everybody; with a token, for whoever comes with that one, which is then good as well. */
  setFault(fault: Fault | null, token?: string): void;
  /** Back to the start: no fault, no own body, empty logs, the first generation. */
  reset(): void;
  /** Resolves when the next balance request arrives. */
  waitForBalanceRequest(): Promise<void>;
  /** Lets the requests go on that the fault "hold" holds now. */
  release(): void;
  signToken(claims?: Record<string, unknown>, options?: SignOptions): Promise<string>;
  close(): Promise<void>;
}

const BALANCE_PATHS = ["/user/payment/balance", "/org/payment/balance"];

export async function startZoo(options: ZooOptions = {}): Promise<Zoo> {
  const token = options.token ?? "zoo_canary_token_MustNeverLeaveTheProxy";
  const audience = options.audience ?? "zoo-balance-proxy";
  const firstGeneration = options.generation ?? "2026-08";

  let generation = firstGeneration;
  let ownBody: string | null = null;
  let fault: Fault | null = null;
  const faultsByToken = new Map<string, Fault | null>();
  let leaked = false;
  const arrivals: (() => void)[] = [];
  const held: (() => void)[] = [];
  const balanceRequests: LoggedRequest[] = [];
  const jwksRequests: LoggedRequest[] = [];
  const account = createAccount();

  const server = createServer((request, response) => {
    route(request, response).catch((error: unknown) => {
      console.error("zoo stand-in:", error);
      response.destroy();
    });
  });
  const url = await listen(server, options.port);
  const jwksUrl = `${url}/.well-known/jwks.json`;
  const issuer = await createIssuer(url, audience);

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", url);
    response.setHeader("content-type", "application/json");
    response.setHeader("x-api-call-id", randomUUID());

    if (request.method === "POST" && pathname === "/__control") {
      const understood = control(zoo, await json(request).catch(() => null));
      return send(response, understood ? 200 : 400, { ok: understood });
    }
    if (pathname === "/__leak") {
      leaked ||= request.headers.authorization !== undefined;
      return send(response, 200, {});
    }
    if (request.method === "GET" && BALANCE_PATHS.includes(pathname)) {
      log(balanceRequests, request, response);
      for (const arrived of arrivals.splice(0)) arrived();
      return answerBalance(request, response, searchParams.get("include_total_due") === "true");
    }
    if (request.method === "GET" && account.isPath(pathname)) {
      log(account.requests, request, response);
      return account.answer(pathname, response, faultContext(response));
    }
    if (request.method === "GET" && pathname === "/.well-known/openid-configuration") {
      return send(response, 200, {
        issuer: url,
        jwks_uri: jwksUrl,
        id_token_signing_alg_values_supported: ["ES256"],
      });
    }
    if (request.method === "GET" && pathname === "/.well-known/jwks.json") {
      log(jwksRequests, request, response);
      return send(response, 200, issuer.jwks);
    }
    response.writeHead(404).end(errorBody(response, "Not Found", "not_found"));
  }

  const faultContext = (response: ServerResponse) => ({
    errorBody: (message: string, code: string) => errorBody(response, message, code),
    leakUrl: `${url}/__leak`,
    released: () => new Promise<void>((resolve) => held.push(resolve)),
  });

  async function answerBalance(
    request: IncomingMessage,
    response: ServerResponse,
    includeTotalDue: boolean,
  ): Promise<void> {
    const healthy = () => ownBody ?? JSON.stringify(balanceBody(generation, { includeTotalDue }));
    const bearer = request.headers.authorization?.replace("Bearer ", "") ?? "";
    const playing = faultsByToken.get(bearer) ?? fault;
    if (playing !== null) {
      const context = { ...faultContext(response), body: healthy() };
      const goOn = await playFault(playing, response, context);
      if (!goOn) return;
    }
    if (bearer !== token && !faultsByToken.has(bearer)) {
      response.writeHead(401).end(errorBody(response, "Unauthorized", "unauthorized"));
      return;
    }
    response.writeHead(200).end(healthy());
  }

  const zoo: Zoo = {
    url,
    token,
    issuer: url,
    audience,
    jwksUrl,
    keys: issuer.keys,
    balanceRequests,
    jwksRequests,
    account,
    get leaked() {
      return leaked;
    },
    setGeneration(next) {
      generation = next;
    },
    setBody(raw) {
      ownBody = raw;
    },
    setFault(next, ofToken) {
      if (ofToken === undefined) fault = next;
      else faultsByToken.set(ofToken, next);
    },
    reset() {
      generation = firstGeneration;
      ownBody = null;
      fault = null;
      faultsByToken.clear();
      leaked = false;
      balanceRequests.length = 0;
      jwksRequests.length = 0;
      account.reset();
      zoo.release();
    },
    waitForBalanceRequest: () => new Promise((resolve) => arrivals.push(resolve)),
    release() {
      for (const goOn of held.splice(0)) goOn();
    },
    signToken: issuer.signToken,
    close() {
      zoo.release();
      return new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      });
    },
  };
  return zoo;
}

function log(list: LoggedRequest[], request: IncomingMessage, response: ServerResponse): void {
  const entry: LoggedRequest = {
    at: Date.now(),
    path: request.url ?? "/",
    headers: request.headers,
  };
  list.push(entry);
  response.once("finish", () => {
    entry.status = response.statusCode;
  });
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status).end(JSON.stringify(body));
}

/** Zoo's error shape; request_id repeats X-Api-Call-Id. */
function errorBody(response: ServerResponse, message: string, code: string): string {
  const id = String(response.getHeader("x-api-call-id"));
  return JSON.stringify({ message, request_id: id, error_code: code });
}
