/** The headers that let a caller's own cache reuse an answer (RFC 9111, RFC 9211): of a 200 and of a 304. */

/**
 * @param age of what is answered, seconds
 * @param cacheStatus how it was found: the parameters of `Cache-Status`
 */
export function cacheHeaders(
  etag: string,
  age: number,
  freshSeconds: number,
  cacheStatus: string,
  now: number,
): Record<string, string> {
  return {
    etag,
    // The whole freshness lifetime; Age says what of it is spent (RFC 9111, section 4.2).
    "cache-control": `private, max-age=${freshSeconds}`,
    vary: "Authorization",
    // Stated, not left to the platform: `as_of` is Date minus Age, also on a 304.
    date: new Date(now).toUTCString(),
    age: String(age),
    "cache-status": `zoo-balance; ${cacheStatus}`,
  };
}

/** Whole seconds between whole seconds, so that Date minus Age is `as_of` to the second. */
export const secondsSince = (at: number, now: number) =>
  Math.max(0, Math.floor(now / 1_000) - Math.floor(at / 1_000));
