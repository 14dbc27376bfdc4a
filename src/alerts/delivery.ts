/**
 * One delivery, after Standard Webhooks (standardwebhooks.com): signed, over https, to a public host, without
 * redirects, within a short deadline.
 */
import type { Receiver } from "../config/alert-targets.ts";
import { fetchText } from "../lib/fetch-text.ts";
import { parseRetryAfter } from "../lib/retry-after.ts";
import { timeOf } from "../lib/schema.ts";
import { signatureOf } from "../lib/standard-webhooks.ts";

const TIMEOUT_MS = 5_000;

/** What is sent; its id is the same however often it is. */
export interface Message {
  readonly id: string;
  readonly body: string;
}

/** What came of a delivery. */
export interface Delivery {
  /** HTTP status, or what happened instead of one. */
  readonly status: number | "timeout" | "network" | "whole" | "too_large";
  /** From the `Retry-After` of a 429 or 503; null without one. */
  readonly retryAfterMs: number | null;
}

/** @param now epoch milliseconds */
export function newMessage(
  type: string,
  data: { readonly account: string; readonly [member: string]: string | null },
  now: number,
): Message {
  const body = JSON.stringify({ type, timestamp: timeOf(now), data });
  return { id: `msg_${crypto.randomUUID()}`, body };
}

/**
 * Sends it once, signed with each of the receiver's secrets: during a rotation it may know either.
 *
 * @param now epoch milliseconds
 * @throws TypeError for a secret that hmacKeyOf refuses
 */
export async function send(
  { url, secrets }: Receiver,
  message: Message,
  now: number,
): Promise<Delivery> {
  const seconds = Math.floor(now / 1_000);
  const signatures = await Promise.all(
    secrets.map((secret) => signatureOf(secret, message, seconds)),
  );
  const headers = {
    "content-type": "application/json",
    "webhook-id": message.id,
    "webhook-timestamp": `${seconds}`,
    "webhook-signature": signatures.join(" "),
  };
  const { head, end } = await fetchText(url, TIMEOUT_MS, headers, { post: message.body });
  const mayAsk = head?.status === 429 || head?.status === 503;
  const retryAfter = mayAsk ? head.headers.get("retry-after") : null;
  return { status: head?.status ?? end, retryAfterMs: parseRetryAfter(retryAfter, now) };
}

/** Only 2xx says that the receiver has it. */
export const isTaken = ({ status }: Delivery) =>
  typeof status === "number" && status >= 200 && status < 300;
