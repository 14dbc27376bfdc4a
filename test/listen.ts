/** A stand-in's server: on loopback, at a port that the system gives out. */
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** @returns its origin, such as `http://127.0.0.1:40123` */
export async function listen(server: Server, port = 0): Promise<string> {
  // Node would close an idle connection after 5 s, perhaps just when the next request comes by it.
  server.keepAliveTimeout = 0;
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
