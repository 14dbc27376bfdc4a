/** Worker entry: memory if it can, else the app; exports the Durable Objects that wrangler.toml names. */
import { app } from "./app.ts";
import type { Env } from "./config.ts";
import { refreshAll } from "./cron.ts";
import { fromMemory } from "./hit.ts";

export { AccountBalance } from "./balance/account-balance.ts";
export { IssuerKeys } from "./callers/issuer-keys.ts";

export default {
  fetch(request, env, context) {
    return fromMemory(request, env, () => app.fetch(request, env, context));
  },
  async scheduled(_controller, env) {
    await refreshAll(env);
  },
} satisfies ExportedHandler<Env>;
