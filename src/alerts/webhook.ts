/**
 * One delivery, after Standard Webhooks (standardwebhooks.com): signed, over https, to a public host, without
 * redirects, within a short deadline.
 */
import { fetchText } from "../fetch-text.ts";
import { timeOf } from "../schema.ts";

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

/** What is sent, and taken for the same however often it comes. */
export interface Message {
  readonly id: string;
  readonly body: string;
}

/** @param now epoch milliseconds */
export function newMessage(
  type: string,
  data: {
    readonly account: string;
    readonly threshold: string | null;
    readonly available: string | null;
  },
  now: number,
): Message {
  const body = JSON.stringify({ type, timestamp: timeOf(now), data });
  return { id: `msg_${crypto.randomUUID()}`, body };
}

/** @returns the value of `webhook-signature` */
async function signatureOf(secret: string, { id, body }: Message, seconds: number) {
  const raw = keyOf(secret);
  if (raw === null) throw new TypeError("not a secret");
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", raw, algorithm, false, ["sign"]);
  const text = new TextEncoder().encode(`${id}.${seconds}.${body}`);
  const signature = new Uint8Array(await crypto.subtle.sign("HMAC", key, text));
  return `v1,${btoa(String.fromCharCode(...signature))}`;
}

/**
 * Sends it once.
 *
 * @param now epoch milliseconds
 * @returns the status, or what happened instead of one
 * @throws TypeError for a secret that {@link keyOf} refuses
 */
export async function send({ url, secret }: Target, message: Message, now: number) {
  const seconds = Math.floor(now / 1_000);
  const headers = {
    "content-type": "application/json",
    "webhook-id": message.id,
    "webhook-timestamp": `${seconds}`,
    "webhook-signature": await signatureOf(secret, message, seconds),
  };
  const { head, end } = await fetchText(url, TIMEOUT_MS, headers, message.body);
  return head?.status ?? end;
}

/** Only 2xx says that the receiver has it. */
export const isTaken = (status: number | string) =>
  typeof status === "number" && status >= 200 && status < 300;
