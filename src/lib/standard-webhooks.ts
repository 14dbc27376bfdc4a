/** Webhook signatures as specified by Standard Webhooks (standardwebhooks.com, `v1`: HMAC-SHA-256). */

/** The HMAC key; `null` unless the secret is base64 of at least 24 bytes, the specification's minimum. */
export function hmacKeyOf(secret: string): Uint8Array<ArrayBuffer> | null {
  try {
    const text = atob(secret.replace(/^whsec_/, ""));
    const key = Uint8Array.from(text, (character) => character.charCodeAt(0));
    return key.length >= 24 ? key : null;
  } catch {
    return null;
  }
}

/**
 * @param seconds epoch seconds, as sent in `webhook-timestamp`
 * @returns the value of `webhook-signature`
 */
export async function signatureOf(
  secret: string,
  { id, body }: { readonly id: string; readonly body: string },
  seconds: number,
) {
  const raw = hmacKeyOf(secret);
  if (raw === null) throw new TypeError("not a secret");
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", raw, algorithm, false, ["sign"]);
  const text = new TextEncoder().encode(`${id}.${seconds}.${body}`);
  const signature = new Uint8Array(await crypto.subtle.sign("HMAC", key, text));
  return `v1,${btoa(String.fromCharCode(...signature))}`;
}
