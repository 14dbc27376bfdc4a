/** CORS (Fetch Standard, section 3.2) for the configured origins of web views; other origins get no CORS headers. */
import type { Middleware } from "../context.ts";

const FOR_PREFLIGHT = {
  "access-control-allow-methods": "GET, HEAD",
  "access-control-allow-headers":
    "Authorization, Cache-Control, If-None-Match, X-Firebase-AppCheck, X-Request-Id",
  /** Seconds; Chromium's maximum. */
  "access-control-max-age": "7200",
};
const EXPOSED = "Age, Cache-Status, Date, ETag, Retry-After, WWW-Authenticate, X-Request-Id";

export const allowOrigins: Middleware = async function allowOrigins(c, next) {
  const { CORS_ORIGINS } = c.var.config;
  if (CORS_ORIGINS.length === 0) return next();
  const origin = c.req.header("origin") ?? "";
  const listed = CORS_ORIGINS.includes(origin);
  const asked = c.req.header("access-control-request-method");
  if (listed && c.req.method === "OPTIONS" && asked !== undefined) {
    c.res = new Response(null, { status: 204, headers: FOR_PREFLIGHT });
  } else {
    await next();
  }
  c.res.headers.append("vary", "Origin");
  if (!listed) return;
  c.res.headers.set("access-control-allow-origin", origin);
  c.res.headers.set("access-control-expose-headers", EXPOSED);
};
