/** Worker entry: the in-memory fast path, else the app. Exports the Durable Object classes for wrangler.toml. */

import { refreshAll } from "./account/cron.ts";
import { app } from "./app.ts";
import { fromMemory } from "./balance/fast-path.ts";
import type { Env } from "./env.ts";

export { AccountBalance } from "./account/account-object.ts";
export { IssuerKeys } from "./callers/jwt/jwks-object.ts";

export default {
  fetch(request, env, context) {
    return fromMemory(request, env, () => app.fetch(request, env, context));
  },
  async scheduled(_controller, env) {
    await refreshAll(env);
  },
} satisfies ExportedHandler<Env>;
