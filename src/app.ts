/** The map: which middleware a request passes, in which order, and what answers it. A newcomer starts here. */

import { Hono } from "hono/tiny";
import { BALANCE_PATH, STATUS_PATH } from "./balance/fast-path.ts";
import { answerBalance, answerStatus } from "./balance/handler.ts";
import { readAhead } from "./balance/read-ahead.ts";
import { answerReady } from "./balance/ready.ts";
import { attest } from "./callers/attest.ts";
import { authenticate, authorize } from "./callers/authenticate.ts";
import { limitCaller } from "./callers/limit.ts";
import type { AppEnv } from "./context.ts";
import { answerHistory, HISTORY_PATH } from "./history/handler.ts";
import { configure } from "./http/configure.ts";
import { allowOrigins } from "./http/cors.ts";
import { allowOnly, onError } from "./http/errors.ts";
import { observe } from "./http/observe.ts";
import { VERSION } from "./lib/version.ts";
import { ProblemError } from "./problem.ts";

export const app = new Hono<AppEnv>();

app.use(observe);
app.use(configure);
app.use(allowOrigins);
// To the router `/v1/balance/` is `/v1/balance`; nothing here ends with a slash.
app.use(async (c, next) => {
  if (c.req.path.endsWith("/")) throw new ProblemError("not_found");
  await next();
});

const routes = app
  .get("/health", (c) =>
    c.json({ status: "ok", version: VERSION }, 200, { "cache-control": "no-store" }),
  )
  .get("/ready", answerReady)
  .get(BALANCE_PATH, readAhead, authenticate, limitCaller, authorize, attest, answerBalance)
  .get(STATUS_PATH, readAhead, authenticate, limitCaller, authorize, attest, answerStatus)
  .get(HISTORY_PATH, authenticate, limitCaller, authorize, attest, answerHistory);
app.all("/health", allowOnly("GET, HEAD"));
app.all("/ready", allowOnly("GET, HEAD"));
app.all(BALANCE_PATH, allowOnly("GET, HEAD"));
app.all(STATUS_PATH, allowOnly("GET, HEAD"));
app.all(HISTORY_PATH, allowOnly("GET, HEAD"));

// Not `notFound`: an error thrown there bypasses the middleware that adds the common headers.
app.all("*", () => {
  throw new ProblemError("not_found");
});
app.onError(onError);

/** For clients in TypeScript: `hc<AppType>(url)`. */
export type AppType = typeof routes;
