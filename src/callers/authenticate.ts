/** From the Authorization header to a caller, or a refusal that tells outsiders nothing. */

import type { Middleware } from "../context.ts";
import type { Env } from "../env.ts";
import { ProblemError } from "../problem.ts";
import { identifyByApiKey, isApiKey } from "./api-key/lookup.ts";
import type { Identified } from "./caller.ts";
import { type Denied, denied, problemOf, type Result } from "./denial.ts";
import { identifyByJwt } from "./jwt/verify.ts";
import { addressOf, countFailure, isFailing, loggedOnce } from "./limit.ts";
import type { Lookup } from "./lookup.ts";
import { recallCaller, rememberCaller } from "./verified-cache.ts";

/** Larger than any identity provider's token; a header of more is not looked into. */
const MAX_CREDENTIAL_CHARS = 8_192;
const BEARER = /^Bearer +([^\s,]+)$/i;

/** @throws ProblemError 401, 403, 429, or 503 when the credential cannot be checked now */
export const authenticate: Middleware = async function authenticate(c, next) {
  const header = c.req.header("authorization");
  const address = addressOf(c.req.raw.headers);
  if (header === undefined) {
    throw loggedOnce(new ProblemError("missing_credentials", "no_header"), address);
  }
  const { env, executionCtx } = c;
  const { config } = c.var;
  let caller = recallCaller(header, config);
  if (caller === null) {
    const result = await identify(header, config.JWT_ISSUERS, {
      env,
      waitUntil: (work) => executionCtx.waitUntil(work),
      mayAsk: !isFailing(address),
    });
    if (!result.ok) throw await refusalOf(result, address, env);
    caller = result.caller;
    if (!config.accounts.has(caller.account)) {
      throw new ProblemError("unknown_account", "not_in_accounts");
    }
    rememberCaller(header, caller, result.until, config);
  }
  c.set("caller", caller);
  await next();
};

/** A failure counts against the address; over its limit it hears of that instead. */
async function refusalOf(refused: Denied, address: string, env: Env): Promise<ProblemError> {
  const problem = problemOf(refused);
  const counts =
    problem.code === "invalid_credentials" || refused.denial === "api_key_reads_limited";
  const limited =
    refused.denial === "address_limited" || (counts && (await countFailure(address, env)));
  if (limited) return loggedOnce(problemOf(denied("address_limited")), address);
  return problem.code === "rate_limited" ? loggedOnce(problem, address) : problem;
}

async function identify(
  header: string,
  issuers: Parameters<typeof identifyByJwt>[1],
  lookup: Lookup,
): Promise<Result<Identified>> {
  if (header.length > MAX_CREDENTIAL_CHARS) return denied("too_large");
  const credential = BEARER.exec(header)?.[1];
  if (credential === undefined) return denied("not_bearer");
  return isApiKey(credential)
    ? identifyByApiKey(credential, lookup)
    : identifyByJwt(credential, issuers, lookup);
}
