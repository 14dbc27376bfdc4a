/** A stand-in's server: on loopback, at a port that the system gives out. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** @returns its origin, such as `http://127.0.0.1:40123` */
export async function listen(server: Server, port = 0): Promise<string> {
  // Node would close an idle connection after 5 s, perhaps just when the next request comes by it.
  server.keepAliveTimeout = 0;
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

type Route = (request: IncomingMessage, response: ServerResponse) => unknown;

/** A server until it is disposed of. A request whose route rejects is cut off. */
export async function serve(route: Route): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(async (request, response) => {
    try {
      await route(request, response);
    } catch {
      response.destroy();
    }
  });
  return {
    url: await listen(server),
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
