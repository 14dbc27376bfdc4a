/** Weak entity tags (RFC 9110, section 8.8.1): Cloudflare weakens strong ones when it compresses. */
import { sha256Hex } from "./digest.ts";

/** @param lasting the content that identifies a version: the tag changes when it does */
export async function weakEtag(lasting: object): Promise<string> {
  return `W/"${await sha256Hex(JSON.stringify(lasting), 16)}"`;
}

const MAX_CHARS = 2_048;

/** `If-None-Match` with the weak comparison (RFC 9110, section 13.1.2). */
export function matches(ifNoneMatch: string | null, etag: string): boolean {
  // More than any client's list of tags; splitting whatever somebody sends would cost time by its length.
  if (ifNoneMatch === null || ifNoneMatch.length > MAX_CHARS) return false;
  if (ifNoneMatch === etag || ifNoneMatch.trim() === "*") return true;
  const opaque = etag.replace(/^W\//, "");
  return ifNoneMatch.split(",").some((tag) => tag.trim().replace(/^W\//, "") === opaque);
}
