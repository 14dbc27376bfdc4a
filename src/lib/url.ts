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
 * Ends of names that only private networks resolve: reserved (RFC 6761, RFC 6762, RFC 8375), kept out of
 * the public DNS by ICANN, or customary inside clusters and offices.
 */
const PRIVATE_NAMES =
  /\.(localhost|localdomain|local|internal|intranet|intra|private|corp|home|lan|arpa|svc)$/;

/** An https URL whose host is not private, loopback, link-local or reserved. IPv6 literals are refused altogether. */
export function isPublicHttps(text: string): boolean {
  const url = urlOf(text);
  if (url?.protocol !== "https:") return false;
  const host = url.hostname.replace(/\.$/, "");
  if (host.startsWith("[") || !host.includes(".")) return false;
  // No empty label: resolvers differ in what they make of "localhost..".
  if (host.split(".").includes("") || PRIVATE_NAMES.test(host)) return false;
  const [, a = "", b = ""] = /^(\d+)\.(\d+)\.\d+\.\d+$/.exec(host) ?? [];
  if (a === "") return true;
  const [first, second] = [Number(a), Number(b)];
  return !(
    [0, 10, 127].includes(first) ||
    first >= 224 ||
    (first === 100 && second >= 64 && second < 128) ||
    (first === 169 && second === 254) ||
    (first === 172 && second >= 16 && second < 32) ||
    (first === 192 && (second === 168 || second === 0)) ||
    (first === 198 && (second === 18 || second === 19))
  );
}
