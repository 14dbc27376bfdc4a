/**
 * The bindings of `wrangler.toml`, as `wrangler types` generates them. The variables beside them are
 * unknown until `config/config.ts` has parsed them, so they are left out here.
 */

/** Without these no request can be answered. */
export const REQUIRED_BINDINGS = [
  "BALANCE_KV",
  "API_KEYS",
  "ACCOUNT_BALANCE",
  "ISSUER_KEYS",
] as const;

/** A Worker without these runs unlimited and uncounted: a copy for tests or a demo, say. */
type OptionalBinding = "CALLER_LIMIT" | "FAILURE_LIMIT" | "METRICS" | "CF_VERSION_METADATA";

export type Env = Readonly<
  Pick<Cloudflare.Env, (typeof REQUIRED_BINDINGS)[number]> &
    Partial<Pick<Cloudflare.Env, OptionalBinding>>
>;
