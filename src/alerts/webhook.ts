/**
 * One delivery, after Standard Webhooks (standardwebhooks.com): signed, over https, to a public host, without
 * redirects, within a short deadline.
 */

const TIMEOUT_MS = 5_000;

export interface Target {
  readonly url: string;
  /** `whsec_` and base64, as Standard Webhooks writes it, or base64 alone. */
  readonly secret: string;
}

/** Key of the HMAC; `null` when it is no base64 of at least 24 bytes (the specification's least). */
export function keyOf(secret: string): Uint8Array<ArrayBuffer> | null {
  try {
    const text = atob(secret.replace(/^whsec_/, ""));
    const key = Uint8Array.from(text, (character) => character.charCodeAt(0));
    return key.length >= 24 ? key : null;
  } catch {
    return null;
  }
}

/** Names and addresses that only mean something inside a network. IPv6 literals are refused altogether. */
export function isPublicHttps(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.protocol !== "https:" || url.username !== "" || url.password !== "") {
    return false;
  }
  const host = url.hostname.replace(/\.$/, "");
  if (host.startsWith("[") || !host.includes(".")) return false;
  if (/\.(localhost|local|internal|home|lan|arpa)$/.test(host)) return false;
  const [, a = "", b = ""] = /^(\d+)\.(\d+)\.\d+\.\d+$/.exec(host) ?? [];
  if (a === "") return true;
  const [first, second] = [Number(a), Number(b)];
  return !(
    [0, 10, 127].includes(first) ||
    first >= 224 ||
    (first === 100 && second >= 64 && second < 128) ||
    (first === 169 && second === 254) ||
    (first === 172 && second >= 16 && second < 32) ||
    (first === 192 && (second === 168 || second === 0)) ||
    (first === 198 && (second === 18 || second === 19))
  );
}

/** @returns the value of `webhook-signature` */
export async function signatureOf(
  secret: string,
  id: string,
  seconds: number,
  body: string,
): Promise<string> {
  const raw = keyOf(secret);
  if (raw === null) throw new TypeError("not a secret");
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", raw, algorithm, false, ["sign"]);
  const text = new TextEncoder().encode(`${id}.${seconds}.${body}`);
  const signature = new Uint8Array(await crypto.subtle.sign("HMAC", key, text));
  return `v1,${btoa(String.fromCharCode(...signature))}`;
}

/**
 * Sends it once. Never throws.
 *
 * @param id the same for every attempt: receivers tell repetitions by it
 * @returns the status, or what happened instead of one
 */
export async function send(
  { url, secret }: Target,
  id: string,
  body: string,
  now: number,
): Promise<number | "timeout" | "network"> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
  try {
    const seconds = Math.floor(now / 1_000);
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "user-agent": "zoo-balance-proxy/0.1",
        "webhook-id": id,
        "webhook-timestamp": `${seconds}`,
        "webhook-signature": await signatureOf(secret, id, seconds, body),
      },
      body,
      redirect: "manual",
      signal: abort.signal,
    });
    await response.body?.cancel();
    return response.status;
  } catch {
    return abort.signal.aborted ? "timeout" : "network";
  } finally {
    clearTimeout(timer);
  }
}
