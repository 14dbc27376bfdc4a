/** Why the secrets at Cloudflare could not be looked at, by what wrangler has said. */
import { stripVTControlCharacters } from "node:util";

const NOT_DEPLOYED = /Worker "[^"]*"( \(env: [^)]*\))? not found|code: (10007|10090)\b/;
const NO_LOGIN =
  /CLOUDFLARE_API_TOKEN|not logged in|not authenticated|wrangler login|authentication error|code: (10000|10001|9109)\b/i;

/** @param said null where it was told not to ask (`--offline`) */
export function whyUnseen(said: string | null, environment: string): string {
  if (said === null) return `Secrets were not looked at (--offline). ${FIRST}`;
  const output = stripVTControlCharacters(said);
  if (NOT_DEPLOYED.test(output)) {
    return `Secrets were not looked at: no Worker is deployed yet. ${FIRST}`;
  }
  if (NO_LOGIN.test(output)) {
    return `Secrets were not looked at: no login, or one that may not see them (npx wrangler login). ${FIRST}`;
  }
  return `Secrets were not looked at: Cloudflare could not be asked (npx wrangler secret list --env ${environment} says why). ${FIRST}`;
}

const FIRST =
  "A first deployment must bring them along, and they are checked with it: --secrets-file FILE.";
