/** The credential of a request's `Authorization` header (RFC 6750). */

/** Entra ID's tokens reach 11 KB (200 groups). A longer credential is refused unread. */
const MAX_CREDENTIAL_CHARS = 16_384;
const SCHEME = "Bearer ";
const BEARER = /^Bearer +([^\s,]+)$/i;

/** The longest header that {@link headerOf} makes. */
export const MAX_HEADER_CHARS = SCHEME.length + MAX_CREDENTIAL_CHARS;

export function credentialOf(
  header: string,
): { readonly credential: string } | "not_bearer" | "too_large" {
  if (header.length > MAX_HEADER_CHARS) return "too_large";
  const credential = BEARER.exec(header)?.[1];
  return credential === undefined ? "not_bearer" : { credential };
}

/**
 * The usual spelling of the header: what verified credentials are remembered under, so that one credential
 * has one entry however its scheme is written.
 */
export const headerOf = (credential: string) => SCHEME + credential;
