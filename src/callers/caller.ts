/** Who is asking, once known. */
export interface Caller {
  /** Stable and not reversible: first 16 hex digits of SHA-256 over issuer and subject. For the log. */
  readonly id: string;
  /** The upstream account, from the credential alone. */
  readonly account: string;
}

/** @returns the first 16 hex digits of SHA-256 over the parts, which cannot run into each other */
export async function callerId(...parts: readonly string[]): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(parts));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return digest.subarray(0, 8).toHex();
}
