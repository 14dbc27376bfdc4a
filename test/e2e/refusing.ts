/** An address that refuses connections, and that nobody else can begin to listen on meanwhile. */
import { once } from "node:events";
import { connect } from "node:net";

export interface Refusing {
  readonly url: string;
  close(): void;
}

/** The near end of a connection: its port is taken, but nobody listens there. */
export async function startRefusing(server: { readonly url: string }): Promise<Refusing> {
  const { hostname, port } = new URL(server.url);
  const socket = connect({ host: hostname, port: Number(port), localAddress: hostname });
  await once(socket, "connect");
  return { url: `http://${hostname}:${socket.localPort}`, close: () => socket.destroy() };
}
