/** SHA-256 of UTF-8 text. Also runs in Node, where `Uint8Array` has no `toHex` yet. */
export async function sha256(text: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

/** The first `bytes` bytes of the SHA-256 in hex; all 32 by default. */
export async function sha256Hex(text: string, bytes = 32): Promise<string> {
  const digest = (await sha256(text)).subarray(0, bytes);
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
