/** The platform over real sockets: one server per city for KV and objects, one for Zoo and the identity provider. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { serve } from "../listen.ts";
import type { EdgeModel } from "./edge.ts";

/** @param edge what the servers decide by, as soon as the run has begun */
export function startCityServer(
  city: number,
  edge: () => EdgeModel,
  homeUrl: () => string,
): ReturnType<typeof serve> {
  return serve(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://city");
    const [, kind = "", ...rest] = pathname.split("/");
    if (kind === "object") return answerForObject(rest, request, response);
    // The binding's own protocol: the key is the whole path.
    const key = decodeURIComponent(pathname.slice(1));
    const body = await text(request);
    if (request.method === "PUT") {
      edge().write(namespaced(key), body, Date.now());
      return response.writeHead(200).end();
    }
    const cacheTtl = Number(searchParams.get("cache_ttl"));
    const { ms, value } = edge().read(city, namespaced(key), cacheTtl, Date.now());
    await sleep(ms);
    return value === null ? response.writeHead(404).end() : response.writeHead(200).end(value);
  });

  async function answerForObject(
    [binding, name, method]: readonly string[],
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<unknown> {
    const { ms } = edge().hop(city, `${binding} ${name}`, Date.now());
    const body = await text(request);
    await sleep(ms / 2);
    const url = `${homeUrl()}/object/${binding}/${name}/${method}`;
    const answer = await fetch(url, { method: "POST", body });
    const answered = await answer.text();
    await sleep(ms / 2);
    return response.writeHead(answer.status).end(answered);
  }
}

/** API keys are stored by their digest, balances and key sets by names of another form. */
const namespaced = (key: string) =>
  /^[0-9a-f]{64}$/.test(key) ? `API_KEYS ${key}` : `BALANCE_KV ${key}`;

export function startOthers(edge: () => EdgeModel, keySet: () => string): ReturnType<typeof serve> {
  return serve(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://others");
    const now = Date.now();
    const isKeys = pathname.endsWith("jwks.json");
    const { ms, status, body } = isKeys ? edge().keys(keySet(), now) : edge().zoo(pathname, now);
    await sleep(ms);
    return response.writeHead(status, { "content-type": "application/json" }).end(body);
  });
}
