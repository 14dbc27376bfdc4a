/** Worker entry: hands requests to the app; exports the Durable Objects that wrangler.toml names. */
import { app } from "./app.ts";

export { AccountBalance } from "./balance/account-balance.ts";
export { IssuerKeys } from "./callers/issuer-keys.ts";
export default app;
