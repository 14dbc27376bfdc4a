/** What a request's `Cache-Control` asks for (RFC 9111, section 5.2.1). */

export interface CacheDemand {
  /** Seconds: the age that is accepted at most; 0 for `no-cache`, null when the request says nothing. */
  readonly maxAge: number | null;
  /** Seconds past freshness that are accepted; `Infinity` for a bare `max-stale`, null without one. */
  readonly maxStale: number | null;
  /** Answer what is stored, or 504: no refresh. */
  readonly onlyIfCached: boolean;
}

export const NO_DEMAND: CacheDemand = { maxAge: null, maxStale: null, onlyIfCached: false };

/** More than any client sends. A longer header is ignored, so that parsing it costs next to nothing. */
const MAX_CHARS = 256;

/**
 * Malformed directives are ignored, and of contradicting ones the stricter holds.
 *
 * @param conditional whether the request has `If-None-Match`. Browsers add `max-age=0` to every
 *   conditional `fetch` (Fetch Standard, "HTTP-network-or-cache fetch"), so beside it that asks for nothing.
 */
export function cacheDemand(cacheControl: string | null, conditional: boolean): CacheDemand {
  if (cacheControl === null || cacheControl.length > MAX_CHARS) return NO_DEMAND;
  let noCache = false;
  let onlyIfCached = false;
  let maxAge: number | null = null;
  let maxStale: number | null = null;
  for (const directive of cacheControl.toLowerCase().split(",")) {
    const [name, value] = directive.split("=", 2).map((part) => part.trim());
    const seconds = secondsOf(value);
    if (name === "no-cache") noCache = true;
    else if (name === "only-if-cached") onlyIfCached = true;
    else if (name === "max-age") maxAge = least(maxAge, seconds);
    else if (name === "max-stale") {
      maxStale = least(maxStale, value === undefined ? Number.POSITIVE_INFINITY : seconds);
    }
  }
  if (noCache) return { maxAge: 0, maxStale: null, onlyIfCached };
  if (conditional && maxAge === 0) maxAge = null;
  return { maxAge, maxStale, onlyIfCached };
}

/** @returns null for what is no number of seconds */
function secondsOf(value: string | undefined): number | null {
  const digits = value?.replace(/^"(.*)"$/, "$1") ?? "";
  return /^\d{1,9}$/.test(digits) ? Number(digits) : null;
}

const least = (a: number | null, b: number | null) =>
  a === null || b === null ? (a ?? b) : Math.min(a, b);
