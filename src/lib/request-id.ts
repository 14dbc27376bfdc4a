/** Request ids: generated here, or passed on from the caller or Cloudflare. */

/** A foreign id if it has the form of one, else `null`: a credential sent there by mistake must not reach the log. */
export function saneId(id: unknown): string | null {
  return typeof id === "string" && /^(?!.*zbp_)[\w.:-]{1,64}$/.test(id) ? id : null;
}

/** The caller's `X-Request-Id`, else Cloudflare's `cf-ray`, if well-formed; else a new UUID. */
export function requestIdOf(headers: Headers): string {
  const given = saneId(headers.get("x-request-id")) ?? saneId(headers.get("cf-ray"));
  return given ?? crypto.randomUUID();
}
