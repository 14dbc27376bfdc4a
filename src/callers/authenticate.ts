/** From the Authorization header to a verified caller, or a refusal that tells outsiders nothing. */
import type { Middleware } from "../context.ts";
import { ProblemError } from "../problem.ts";
import { identifyByApiKey, isApiKey } from "./api-key/lookup.ts";
import { beginAttestation } from "./attest.ts";
import type { Identified } from "./caller.ts";
import { type Denied, denied, problemOf, type Result } from "./denial.ts";
import { identifyByJwt } from "./jwt/verify.ts";
import { addressOf, countFailure, isOverFailureLimit, throttleLog } from "./limit.ts";
import type { Lookup } from "./lookup.ts";
import { VerifiedCache } from "./verified-cache.ts";

/** Entra ID's tokens reach 11 KB (200 groups). A longer credential is refused unread. */
const MAX_CREDENTIAL_CHARS = 16_384;
const SCHEME_CHARS = "Bearer ".length;
const BEARER = /^Bearer +([^\s,]+)$/i;

/** @throws ProblemError 401, 403, 429, or 503 when the credential cannot be checked now */
export const authenticate: Middleware = async function authenticate(c, next) {
  const header = c.req.header("authorization");
  const address = addressOf(c.req.raw.headers);
  const { env, executionCtx } = c;
  const { config, state } = c.var;
  if (header === undefined) {
    throw throttleLog(new ProblemError("missing_credentials", "no_header"), address, state);
  }
  const verified = state.of(VerifiedCache);
  let caller = verified.callerOf(header);
  if (caller === null) {
    const lookup: Lookup = {
      env,
      state,
      config,
      waitUntil: (work) => executionCtx.waitUntil(work),
      cacheOnly: isOverFailureLimit(address, state),
      readAhead: (likelyAccount) => {
        c.var.readAhead?.begin(likelyAccount);
        beginAttestation(c);
      },
    };
    const result = await identify(header, config.JWT_ISSUERS, lookup);
    if (!result.ok) throw await refusalOf(result, address, lookup);
    caller = result.caller;
    if (!config.accounts.has(caller.account)) {
      throw new ProblemError("unknown_account", "not_in_accounts");
    }
    verified.addCaller(header, caller, result.until);
  }
  c.set("caller", caller);
  await next();
};

/** Counts the failure against the address; over its limit the answer is 429, whatever the reason was. */
async function refusalOf(
  refused: Denied,
  address: string,
  { env, state }: Lookup,
): Promise<ProblemError> {
  const problem = problemOf(refused);
  const counts =
    problem.code === "invalid_credentials" || refused.denial === "api_key_reads_limited";
  const limited =
    refused.denial === "address_limited" || (counts && (await countFailure(address, env, state)));
  if (limited) return throttleLog(problemOf(denied("address_limited")), address, state);
  return problem.code === "rate_limited" ? throttleLog(problem, address, state) : problem;
}

async function identify(
  header: string,
  issuers: Parameters<typeof identifyByJwt>[1],
  lookup: Lookup,
): Promise<Result<Identified>> {
  if (header.length > SCHEME_CHARS + MAX_CREDENTIAL_CHARS) return denied("too_large");
  const credential = BEARER.exec(header)?.[1];
  if (credential === undefined) return denied("not_bearer");
  return isApiKey(credential)
    ? identifyByApiKey(credential, lookup)
    : identifyByJwt(credential, issuers, lookup);
}
