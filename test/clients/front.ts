/** The network between an app and the Worker: it passes requests on, or does to them what networks do. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { listen } from "../listen.ts";
import { type Fault, playFault } from "../zoo/faults.ts";

/** What every answer of the Worker says its age is, so that the table can say what a screen shows. */
export const AGE_SECONDS = 7;

export interface Front extends AsyncDisposable {
  readonly url: string;
  /** The status of every answer, in order; 0 for one that did not come to its end. */
  readonly statuses: number[];
  /** Whether a followed redirect brought a credential with it. */
  readonly leaked: boolean;
  /** The next requests meet these, one each; those after them go through. */
  plan(...faults: Fault[]): void;
  /** Resolves when the next request is there. */
  arrival(): Promise<void>;
  /** Resolves when the client has closed the connection of a request that waits. */
  departure(): Promise<void>;
  reset(): void;
}

/** What the faults that send half of a body send half of. */
const BODY = JSON.stringify({ account: "default", status: "ok", available: "1.00", stale: false });

export async function startFront(target: string): Promise<Front> {
  const planned: Fault[] = [];
  const statuses: number[] = [];
  const arrivals: (() => void)[] = [];
  const departures: (() => void)[] = [];
  let leaked = false;

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  const url = await listen(server);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A connection that is kept would be hit by the fault of another request.
    response.setHeader("connection", "close");
    if (request.url === "/__leak") {
      leaked ||= request.headers.authorization !== undefined;
      response.end();
      return;
    }
    if (request.method !== "OPTIONS") {
      response.once("close", () => {
        statuses.push(response.writableFinished ? response.statusCode : 0);
        if (!response.writableFinished) for (const left of departures.splice(0)) left();
      });
      for (const arrived of arrivals.splice(0)) arrived();
      const fault = planned.shift();
      if (fault !== undefined) {
        response.setHeader("content-type", "application/json");
        // A web view sees what the origin's own answers may be seen by.
        response.setHeader("access-control-allow-origin", "*");
        response.setHeader("access-control-expose-headers", "Age, ETag, Retry-After, X-Request-Id");
        const goOn = await playFault(fault, response, {
          body: BODY,
          errorBody: (detail, code) => JSON.stringify({ detail, code }),
          leakUrl: `${url}/__leak`,
          released: () => new Promise(() => {}),
        });
        if (!goOn) return;
      }
    }
    await pass(request, response);
  }

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { host: _, connection: __, ...headers } = request.headers;
    const passed = await fetch(target + request.url, {
      method: request.method ?? "GET",
      headers: headers as Record<string, string>,
      redirect: "manual",
    });
    for (const [name, value] of passed.headers) {
      if (!["content-encoding", "content-length", "transfer-encoding"].includes(name)) {
        response.setHeader(name, value);
      }
    }
    if (passed.headers.has("age")) response.setHeader("age", AGE_SECONDS);
    response.setHeader("connection", "close");
    response.writeHead(passed.status).end(Buffer.from(await passed.arrayBuffer()));
  }

  return {
    url,
    statuses,
    get leaked() {
      return leaked;
    },
    plan: (...faults) => void planned.push(...faults),
    arrival: () => new Promise((resolve) => arrivals.push(resolve)),
    departure: () => new Promise((resolve) => departures.push(resolve)),
    reset() {
      planned.length = 0;
      statuses.length = 0;
      leaked = false;
      // Whoever still waits there belongs to a scenario that is over.
      server.closeAllConnections();
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
