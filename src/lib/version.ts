/** The deployed version, from the `version_metadata` binding; "local" where nothing was deployed. */
import { env } from "cloudflare:workers";

export const VERSION: string = env.CF_VERSION_METADATA?.id || "local";
