/** Base64url without padding (RFC 4648, section 5), as JWTs and published keys have it. */

const BASE64URL = { alphabet: "base64url", omitPadding: true } as const;

export const toBase64Url = (bytes: Uint8Array) => bytes.toBase64(BASE64URL);

/** Padding is let pass. @returns `null` for what is not base64url */
export function fromBase64Url(text: string): Uint8Array | null {
  try {
    return Uint8Array.fromBase64(text, BASE64URL);
  } catch {
    return null;
  }
}
