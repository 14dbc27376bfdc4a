/** CORS for the web views of the configured origins, and nothing of it for others. */
import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import type { AppEnv } from "./context.ts";

const OPTIONS = {
  allowMethods: ["GET", "HEAD"],
  allowHeaders: [
    "Authorization",
    "Cache-Control",
    "If-None-Match",
    "X-Firebase-AppCheck",
    "X-Request-Id",
  ],
  exposeHeaders: [
    "Age",
    "Cache-Status",
    "Date",
    "ETag",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-Id",
  ],
  /** Seconds. Chromium keeps a preflight's answer no longer. */
  maxAge: 7_200,
};

export const allowOrigins = createMiddleware<AppEnv>(async function allowOrigins(c, next) {
  const { CORS_ORIGINS } = c.var.config;
  if (CORS_ORIGINS.length === 0) return next();
  const listed = CORS_ORIGINS.includes(c.req.header("origin") ?? "");
  const preflight = c.req.header("access-control-request-method") !== undefined;
  if (listed && (c.req.method !== "OPTIONS" || preflight)) {
    return cors({ origin: [...CORS_ORIGINS], ...OPTIONS })(c, next);
  }
  await next();
  c.header("Vary", "Origin", { append: true });
});
