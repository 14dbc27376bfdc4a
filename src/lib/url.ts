/** Which URLs the Worker may call. */

/** https to any host, http only to loopback: a token must never be sent unencrypted. */
export function isSafeUrl(text: string): boolean {
  // A path is appended to the text as written, and the parser would silently drop a bare "#".
  const url = text.includes("#") ? null : urlOf(text);
  if (url?.protocol === "https:") return true;
  return url?.protocol === "http:" && ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
}

/** The URL, or `null` when it holds a user name or a password. */
function urlOf(text: string): URL | null {
  // The parser would silently drop white space, and what was checked would not be what was written.
  const url = /\s/.test(text) ? null : URL.parse(text);
  return url?.username === "" && url.password === "" ? url : null;
}

/**
 * Ends of names that the public DNS does not resolve: reserved (RFC 6761, RFC 6762, RFC 7686, RFC 8375), kept
 * out of it by ICANN, or customary inside clusters and offices.
 */
const PRIVATE_NAMES =
  /\.(localhost|localdomain|local|internal|intranet|intra|private|corp|home|lan|arpa|svc|test|invalid|onion)$/;
/**
 * IPv4 addresses that no public server has (IANA's registry of special-purpose addresses), multicast included.
 * No name ends with digits: the parser has taken it for an address, and written that with four numbers.
 */
const PRIVATE_ADDRESSES =
  /^(0|10|127|22[4-9]|2[345]\d|100\.(6[4-9]|[789]\d|1[01]\d|12[0-7])|169\.254|172\.(1[6-9]|2\d|3[01])|192\.(0|168|88\.99)|198\.(1[89]|51\.100)|203\.0\.113)(\.\d+)+$/;

/** An https URL whose host is not private, loopback, link-local or reserved. IPv6 literals are refused altogether. */
export function isPublicHttps(text: string): boolean {
  const url = urlOf(text);
  if (url?.protocol !== "https:") return false;
  const host = url.hostname.replace(/\.$/, "");
  if (host.startsWith("[") || !host.includes(".")) return false;
  // No empty label: resolvers differ in what they make of "localhost..".
  return !(
    host.split(".").includes("") ||
    PRIVATE_NAMES.test(host) ||
    PRIVATE_ADDRESSES.test(host)
  );
}
