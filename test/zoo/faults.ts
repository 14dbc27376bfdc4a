import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { z } from "zod";

/** What can go wrong at Zoo. A schema, since tests in another process send it as JSON. */
export const faultSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("latency"), ms: z.number().nonnegative() }),
  z.object({
    kind: z.literal("status"),
    status: z.number().int().min(200).max(599),
    headers: z.record(z.string(), z.string()).optional(),
    body: z.string().optional(),
  }),
  z.object({ kind: z.literal("garbage") }),
  z.object({ kind: z.literal("html") }),
  /** Ends cleanly with half of the JSON. */
  z.object({ kind: z.literal("truncated") }),
  z.object({ kind: z.literal("oversize") }),
  /** Never answers. */
  z.object({ kind: z.literal("hang") }),
  /** Headers and half of the body, then nothing. */
  z.object({ kind: z.literal("hang-body") }),
  /** To a place that records whether the token came along. */
  z.object({ kind: z.literal("redirect") }),
  z.object({ kind: z.literal("reset") }),
  z.object({ kind: z.literal("reset-body") }),
  /** Waits for `release()`, then answers. */
  z.object({ kind: z.literal("hold") }),
  z.object({ kind: z.literal("empty") }),
  /** This text, with status 200. */
  z.object({ kind: z.literal("body"), body: z.string(), contentType: z.string().optional() }),
  /** The healthy answer, so slowly that no deadline lives to see its end. */
  z.object({ kind: z.literal("drip") }),
  /** The healthy answer, compressed. */
  z.object({ kind: z.literal("encoded"), encoding: z.enum(["gzip", "br"]) }),
  /** Says that it is compressed, but is not. */
  z.object({ kind: z.literal("encoding-lie") }),
  /** A Content-Length of so many bytes more (or less) than there are. */
  z.object({ kind: z.literal("length-lie"), by: z.number().int() }),
]);

export type Fault = z.infer<typeof faultSchema>;

export interface FaultContext {
  /** What a healthy Zoo would answer. */
  body: string;
  errorBody(message: string, code: string): string;
  leakUrl: string;
  released(): Promise<void>;
}

/** More than the 256 KiB that the proxy reads. */
const OVERSIZE_BYTES = 300 * 1024;

/** Plays the fault on a response. True: go on with the healthy answer. */
export async function playFault(
  fault: Fault,
  response: ServerResponse,
  context: FaultContext,
): Promise<boolean> {
  const half = context.body.slice(0, Math.floor(context.body.length / 2));
  switch (fault.kind) {
    case "latency":
      await sleep(fault.ms, undefined, { ref: false });
      return true;
    case "hold":
      await context.released();
      return true;
    case "status": {
      response.writeHead(fault.status, fault.headers);
      const bodiless = fault.status === 204 || fault.status === 304;
      response.end(
        bodiless ? undefined : (fault.body ?? context.errorBody("Injected fault", "injected")),
      );
      return false;
    }
    case "garbage":
      response.writeHead(200).end("\u0000\u0001{]not json at all");
      return false;
    case "html":
      response
        .writeHead(200, { "content-type": "text/html; charset=utf-8" })
        .end("<!doctype html><title>Bad gateway</title><h1>Bad gateway</h1>");
      return false;
    case "truncated":
      response.writeHead(200).end(half);
      return false;
    case "oversize":
      // Valid JSON once the padding is read: only a limit on size can refuse it.
      response.writeHead(200).end(" ".repeat(OVERSIZE_BYTES) + context.body);
      return false;
    case "hang":
      return false;
    case "hang-body":
      response.writeHead(200, { "content-length": Buffer.byteLength(context.body) });
      response.write(half);
      return false;
    case "redirect":
      response.writeHead(302, { location: context.leakUrl }).end();
      return false;
    case "reset":
      response.socket?.resetAndDestroy();
      return false;
    case "reset-body":
      response.writeHead(200, { "content-length": Buffer.byteLength(context.body) });
      // Headers and half of the body must be on the wire before the connection breaks.
      response.write(half, () => setTimeout(() => response.socket?.resetAndDestroy(), 20));
      return false;
    case "empty":
      response.writeHead(204).end();
      return false;
    case "body":
      response
        .writeHead(200, { "content-type": fault.contentType ?? "application/json" })
        .end(fault.body);
      return false;
    case "drip":
      response.writeHead(200, { "content-length": Buffer.byteLength(context.body) });
      for (const character of half) {
        if (response.destroyed) break;
        response.write(character);
        await sleep(50, undefined, { ref: false });
      }
      return false;
    case "encoded": {
      const compress = fault.encoding === "gzip" ? gzipSync : brotliCompressSync;
      response.writeHead(200, { "content-encoding": fault.encoding }).end(compress(context.body));
      return false;
    }
    case "encoding-lie":
      response.writeHead(200, { "content-encoding": "gzip" }).end(context.body);
      return false;
    case "length-lie": {
      // Past Node's own checks, straight onto the wire. No other request may come to grief on what is left of it.
      const length = Buffer.byteLength(context.body) + fault.by;
      const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n`;
      response.socket?.end(head + context.body);
      return false;
    }
  }
}
