/** One call of Cloudflare's API, and its answers: an envelope with `result`, or with `errors`. */
import type { IncomingHttpHeaders } from "node:http";
import type { Account } from "./account.ts";

export interface Call {
  readonly account: Account;
  readonly method: string;
  /** Below `/client/v4`; within an account, below that. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Where this stand-in listens, `http://127.0.0.1:…`. */
  readonly origin: string;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** What Cloudflare refuses, with its number. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: number;

  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export function ok(result: unknown, more: Readonly<Record<string, unknown>> = {}): Answer {
  return { status: 200, body: { success: true, errors: [], messages: [], result, ...more } };
}

/** The page of a list that is asked for. Wrangler asks on until one is empty. */
export function page({ query }: Call, list: readonly unknown[]): Answer {
  const [number, size] = [Number(query.get("page") ?? 1), Number(query.get("per_page") ?? 100)];
  const result = list.slice((number - 1) * size, number * size);
  const pages = { page: number, per_page: size, total_pages: Math.ceil(list.length / size) };
  return ok(result, { result_info: { ...pages, count: result.length, total_count: list.length } });
}

export function refused({ status, code, message }: Refusal): Answer {
  return {
    status,
    body: { success: false, errors: [{ code, message }], messages: [], result: null },
  };
}

export function jsonOf({ body }: Call): unknown {
  return body.byteLength === 0 ? null : JSON.parse(body.toString("utf8"));
}

/** The parts of a multipart body by name. */
export async function partsOf({ body, headers }: Call): Promise<Map<string, File | string>> {
  const type = headers["content-type"] ?? "";
  const form = await new Response(new Uint8Array(body), {
    headers: { "content-type": type },
  }).formData();
  return new Map(form.entries());
}

/** A route's pattern, its handler, and what its `:names` stand for. */
export type Handler = (
  call: Call,
  names: Readonly<Record<string, string>>,
) => Answer | Promise<Answer>;
export type Routes = Readonly<Record<string, Handler>>;

/** @returns null where no pattern fits */
export function find(
  routes: Routes,
  { method, path }: Call,
): { handler: Handler; names: Record<string, string> } | null {
  for (const [route, handler] of Object.entries(routes)) {
    const [routeMethod, pattern = ""] = route.split(" ");
    if (routeMethod !== method) continue;
    const source = pattern.replace(/:(\w+)/g, "(?<$1>[^/]+)");
    const match = new RegExp(`^${source}$`).exec(path);
    if (match === null) continue;
    const found = Object.entries(match.groups ?? {});
    return {
      handler,
      names: Object.fromEntries(found.map(([name, text]) => [name, decodeURIComponent(text)])),
    };
  }
  return null;
}
