/** The one way to send a request: a single deadline for headers and body, no redirects, no cache, a size cap. */

interface Head {
  readonly status: number;
  readonly headers: Headers;
}

/** How the request ended, and the response's head if it had arrived by then. */
export type FetchTextResult =
  | { readonly end: "whole"; readonly head: Head; readonly body: string }
  | { readonly end: "too_large"; readonly head: Head }
  | { readonly end: "timeout"; readonly head: Head | null }
  | { readonly end: "network"; readonly head: Head | null };

/** Enough for a balance, which takes a few KiB. */
const MAX_BODY_BYTES = 256 * 1024;
const HEADERS = { accept: "application/json", "user-agent": "zoo-balance-proxy/0.2" };

/**
 * Never throws: every failure is a result. A 3xx is returned like any other status, never followed:
 * Workers keep custom headers on a redirect, so the token would be sent to the target.
 *
 * @param timeoutMs for the whole call, body included
 * @param post the body to send with POST; without it, GET
 * @param maxBytes of the answer's body; 256 KiB by default
 */
export async function fetchText(
  url: string,
  timeoutMs: number,
  headers: Readonly<Record<string, string>> = {},
  { post, maxBytes = MAX_BODY_BYTES }: { readonly post?: string; readonly maxBytes?: number } = {},
): Promise<FetchTextResult> {
  // Not AbortSignal.timeout: its timer cannot be cleared and keeps a Durable Object in memory until it fires.
  const abort = new AbortController();
  let timedOut = false;
  let head: Head | null = null;
  const timer = setTimeout(() => {
    timedOut = true;
    abort.abort();
  }, timeoutMs);
  try {
    const response = await fetch(url, {
      ...(post === undefined ? {} : { method: "POST", body: post }),
      headers: { ...HEADERS, ...headers },
      redirect: "manual",
      cache: "no-store",
      signal: abort.signal,
    });
    head = { status: response.status, headers: response.headers };
    const body = await readCapped(response.body, maxBytes);
    return body === null ? { end: "too_large", head } : { end: "whole", head, body };
  } catch {
    return { end: timedOut ? "timeout" : "network", head };
  } finally {
    clearTimeout(timer);
  }
}

async function readCapped(
  stream: ReadableStream<Uint8Array> | null,
  maxBytes: number,
): Promise<string | null> {
  if (stream === null) return "";
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > maxBytes) {
      // The rest is discarded; whether the cancellation succeeds does not matter.
      reader.cancel().catch(() => undefined);
      return null;
    }
    text += decoder.decode(value, { stream: true });
  }
}
