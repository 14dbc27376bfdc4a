/**
 * One delivery, after Standard Webhooks (standardwebhooks.com): signed, over https, to a public host, without
 * redirects, within a short deadline.
 */
import type { AlertTarget } from "../config/config.ts";
import { fetchText } from "../lib/fetch-text.ts";
import { timeOf } from "../lib/schema.ts";
import { signatureOf } from "../lib/standard-webhooks.ts";

const TIMEOUT_MS = 5_000;

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

/**
 * Sends it once.
 *
 * @param now epoch milliseconds
 * @returns the status, or what happened instead of one
 * @throws TypeError for a secret that hmacKeyOf refuses
 */
export async function send({ url, secret }: AlertTarget, message: Message, now: number) {
  const seconds = Math.floor(now / 1_000);
  const headers = {
    "content-type": "application/json",
    "webhook-id": message.id,
    "webhook-timestamp": `${seconds}`,
    "webhook-signature": await signatureOf(secret, message, seconds),
  };
  const { head, end } = await fetchText(url, TIMEOUT_MS, headers, { post: message.body });
  return head?.status ?? end;
}

/** Only 2xx says that the receiver has it. */
export const isTaken = (status: number | string) =>
  typeof status === "number" && status >= 200 && status < 300;
