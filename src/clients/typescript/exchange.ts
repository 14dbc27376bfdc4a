/** One question to the proxy, and what came of it. */
import { stopIfAborted } from "./flight.ts";
import type { Options, Problem } from "./types.ts";

export type Outcome =
  | { kind: "value"; body: string; etag: string | null; age: number; maxAge: number }
  | { kind: "unchanged"; age: number; maxAge: number }
  | { kind: "problem"; problem: Problem; status: number | null };

export interface Question {
  readonly path: string;
  /** Of the answer that is stored: only with its body can a 304 be understood. */
  readonly etag: string | null;
  /** Pull to refresh: a value newer than the stored one is wanted. */
  readonly force: boolean;
  readonly signal: AbortSignal;
}

/** Ten seconds for Zoo and what the proxy itself needs are within it. */
const TIMEOUT_MS = 20_000;

/** @throws whatever the signal was aborted with; nothing else */
export async function exchange(options: Options, question: Question): Promise<Outcome> {
  const first = await attempt(options, question, false);
  // Whatever came before it, a refused credential is renewed once.
  const refused = first.kind === "problem" && first.status === 401;
  return refused ? attempt(options, question, true) : first;
}

async function attempt(options: Options, question: Question, renew: boolean): Promise<Outcome> {
  const { path, etag, force, signal } = question;
  let headers: Headers;
  try {
    headers = new Headers(await options.headers?.());
    headers.set("Authorization", `Bearer ${await options.credential(renew)}`);
  } catch {
    stopIfAborted(signal);
    return problem("no_credential");
  }
  headers.set("Accept", "application/json, application/problem+json");
  // Said in both cases: with "no-store" a browser would otherwise add a no-cache of its own.
  headers.set("Cache-Control", force ? "no-cache" : "max-age=86400");
  if (etag !== null) headers.set("If-None-Match", etag);

  // Not AbortSignal.timeout and any: React Native has neither.
  const controller = new AbortController();
  const abort = () => controller.abort(signal.reason);
  const timer = setTimeout(() => controller.abort(), options.timeout ?? TIMEOUT_MS);
  signal.addEventListener("abort", abort);
  try {
    stopIfAborted(signal);
    const send = options.fetch ?? fetch;
    const response = await send(options.baseUrl.replace(/\/$/, "") + path, {
      headers,
      // The client keeps answers itself, where clear() reaches them.
      cache: "no-store",
      credentials: "omit",
      // A redirect is not the proxy's; the credential must not travel with it.
      redirect: "manual",
      signal: controller.signal,
    });
    // Inside: a connection that is lost in the body is lost all the same.
    return judge(response, await response.text());
  } catch {
    stopIfAborted(signal);
    return problem("offline");
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

function judge(response: Response, body: string): Outcome {
  const { status, headers } = response;
  const age = numberIn(headers.get("Age")) ?? 0;
  const maxAge = numberIn(/max-age=(\d+)/.exec(headers.get("Cache-Control") ?? "")?.[1]) ?? 0;
  if (status === 304) return { kind: "unchanged", age, maxAge };
  const isJson = /^application\/([a-z]+\+)?json\b/.test(headers.get("Content-Type") ?? "");
  if (status === 200 && isJson) {
    return { kind: "value", body, etag: headers.get("ETag"), age, maxAge };
  }
  const retryAfter = numberIn(headers.get("Retry-After"));
  const requestId = headers.get("X-Request-Id");
  // 511 is what a captive portal says that knows its manners; other server errors may be the network's edge.
  const unnamed = status >= 500 && status !== 511 ? "unavailable" : "intercepted";
  const code = (isJson ? codeIn(body) : null) ?? unnamed;
  return { kind: "problem", problem: { code, retryAfter, requestId }, status };
}

function codeIn(body: string): string | null {
  try {
    const { code } = JSON.parse(body) as { code?: unknown };
    return typeof code === "string" ? code : null;
  } catch {
    return null;
  }
}

export function problem(code: string): Outcome {
  return { kind: "problem", problem: { code, retryAfter: null, requestId: null }, status: null };
}

const numberIn = (value: string | null | undefined): number | null =>
  /^\d{1,9}$/.test(value ?? "") ? Number(value) : null;
