/**
 * The format of an API key: `zbp_`, 43 base62 characters (256 random bits), a 6-character checksum. The
 * checksum exposes a mistyped or made-up key without a lookup; it is not secret and proves nothing.
 *
 * Shared by the Worker and the `keys` command, so it needs nothing but Web Crypto.
 */
import { sha256 } from "../../lib/digest.ts";

const PREFIX = "zbp_";
const SECRET_CHARS = 43;
const CHECKSUM_CHARS = 6;
const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const FORM = /^zbp_[0-9A-Za-z]{49}$/;

export const hasPrefix = (credential: string) => credential.startsWith(PREFIX);

/** A new key. Show it once; never store it. */
export async function newApiKey(): Promise<string> {
  const body = PREFIX + randomBase62(SECRET_CHARS);
  return body + (await checksumOf(body));
}

/** @returns `null` when format and checksum are right */
export async function apiKeyDenial(
  key: string,
): Promise<"api_key_malformed" | "api_key_checksum" | null> {
  if (!FORM.test(key)) return "api_key_malformed";
  const body = key.slice(0, -CHECKSUM_CHARS);
  return key.slice(-CHECKSUM_CHARS) === (await checksumOf(body)) ? null : "api_key_checksum";
}

/** @param chars how many characters; each is uniform, so 43 hold 256 bits */
export function randomBase62(chars: number): string {
  let text = "";
  while (text.length < chars) {
    for (const byte of crypto.getRandomValues(new Uint8Array(64))) {
      // 248 is the largest multiple of 62 that fits a byte: larger values would favour some characters.
      if (byte < 248 && text.length < chars) text += BASE62[byte % 62];
    }
  }
  return text;
}

/** The first 32 bits of SHA-256 over the rest of the key, in base62. */
async function checksumOf(body: string): Promise<string> {
  const digest = await sha256(body);
  let rest = new DataView(digest.buffer).getUint32(0);
  let text = "";
  for (let i = 0; i < CHECKSUM_CHARS; i++) {
    text = `${BASE62[rest % 62]}${text}`;
    rest = Math.floor(rest / 62);
  }
  return text;
}
