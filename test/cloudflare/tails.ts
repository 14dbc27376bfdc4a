/** `wrangler tail`: a WebSocket to which the stand-in pushes what a Worker is said to have logged. */
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { newId } from "./account.ts";
import { ok, type Routes } from "./call.ts";

/** Of RFC 6455, section 1.3. */
const MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const HOUR_MS = 3_600_000;

export const TAIL_ROUTES: Routes = {
  "POST /workers/scripts/:name/tails"({ origin }) {
    const url = `${origin.replace("http:", "ws:")}/tail`;
    return ok({ id: newId(), url, expires_at: new Date(Date.now() + HOUR_MS).toISOString() });
  },
  "DELETE /workers/scripts/:name/tails/:id": () => ok(null),
};

export class Tails {
  readonly #open = new Set<Duplex>();
  readonly #waiting: (() => void)[] = [];

  /** Takes a WebSocket in. */
  accept({ headers }: IncomingMessage, socket: Duplex): void {
    const key = createHash("sha1").update(`${headers["sec-websocket-key"]}${MAGIC}`);
    const protocol = headers["sec-websocket-protocol"];
    socket.write(
      [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        `Sec-WebSocket-Accept: ${key.digest("base64")}`,
        ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
        "\r\n",
      ].join("\r\n"),
    );
    this.#open.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#open.delete(socket));
    socket.resume();
    for (const arrived of this.#waiting.splice(0)) arrived();
  }

  /** Resolves when somebody watches. */
  async watched(): Promise<void> {
    if (this.#open.size === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Sends one line that a Worker logged to all who watch. */
  send(line: string): void {
    const now = Date.now();
    const request = { url: "https://balance.example.com/v1/balance", method: "GET", headers: {} };
    const event = {
      outcome: "ok",
      scriptName: "zoo-balance-proxy-production",
      exceptions: [],
      eventTimestamp: now,
      event: { request },
      logs: [{ message: [line], level: "log", timestamp: now }],
    };
    const text = Buffer.from(JSON.stringify(event));
    const header = Buffer.from([0x81, 126, text.length >> 8, text.length & 255]);
    for (const socket of this.#open) socket.write(Buffer.concat([header, text]));
  }

  close(): void {
    for (const socket of this.#open) socket.destroy();
  }
}
