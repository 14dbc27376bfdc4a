/** A GET with the manners both upstreams need: one deadline for it all, no redirects, no cache, a size cap. */

export type FetchTextResult =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers: Headers;
      readonly body: string;
    }
  | { readonly kind: "too_large"; readonly status: number; readonly headers: Headers }
  | { readonly kind: "timeout" }
  | { readonly kind: "network" };

interface FetchTextOptions {
  readonly headers: Record<string, string>;
  /** Whole call, body included, milliseconds. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/**
 * Never throws: every failure is a result. A 3xx is an answer like another, never followed
 * (Workers keep custom headers on a redirect, so a token would travel along).
 */
export async function fetchText(url: string, options: FetchTextOptions): Promise<FetchTextResult> {
  // Not AbortSignal.timeout: in a Durable Object that one holds the object for the whole time.
  const abort = new AbortController();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    abort.abort();
  }, options.timeoutMs);
  try {
    const response = await fetch(url, {
      headers: options.headers,
      redirect: "manual",
      cache: "no-store",
      signal: abort.signal,
    });
    const { status, headers } = response;
    const body = await readCapped(response.body, options.maxBytes);
    return body === null
      ? { kind: "too_large", status, headers }
      : { kind: "answer", status, headers, body };
  } catch {
    return { kind: timedOut ? "timeout" : "network" };
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
      // The rest is of no interest, and neither is whether its end was reached in order.
      reader.cancel().catch(() => undefined);
      return null;
    }
    text += decoder.decode(value, { stream: true });
  }
}
