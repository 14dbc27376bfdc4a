/** `Retry-After` of a response (RFC 9110, section 10.2.3). */

/**
 * @param value delta seconds or an HTTP date (RFC 9110, section 10.2.3)
 * @returns milliseconds from `now`, or `null` when absent or not of either form
 */
export function parseRetryAfter(value: string | null, now: number): number | null {
  if (value === null) return null;
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  const at = /^[A-Z][a-z]{2}, /.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
