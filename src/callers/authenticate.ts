/** From the Authorization header to a caller, or a refusal that tells outsiders nothing. */
import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../context.ts";
import { ProblemError } from "../problem.ts";
import { identifyByApiKey, isApiKey } from "./api-keys.ts";
import type { Caller } from "./caller.ts";
import { denied, problemOf, type Result } from "./denial.ts";
import { identifyByJwt } from "./jwt.ts";
import type { Lookup } from "./lookup.ts";
import { addressOf, countFailure, isFailing } from "./rate-limit.ts";

/** Larger than any identity provider's token; a header of more is not looked into. */
const MAX_CREDENTIAL_CHARS = 8_192;
const BEARER = /^Bearer +([^\s,]+)$/i;

/** @throws ProblemError 401, 403, 429, or 503 when the credential cannot be checked now */
export const authenticate = createMiddleware<AppEnv>(async function authenticate(c, next) {
  const header = c.req.header("authorization");
  if (header === undefined) throw new ProblemError("missing_credentials", "no_header");
  const address = addressOf(c.req.raw.headers);
  const { env, executionCtx } = c;
  const result = await identify(header, c.var.config.JWT_ISSUERS, {
    env,
    waitUntil: (work) => executionCtx.waitUntil(work),
    mayAsk: !isFailing(address),
  });
  if (!result.ok) {
    const problem = problemOf(result);
    const limited = problem.code === "invalid_credentials" && (await countFailure(address, env));
    throw limited ? problemOf(denied("address_limited")) : problem;
  }
  const { caller } = result;
  if (!c.var.config.accounts.has(caller.account)) {
    throw new ProblemError("unknown_account", "not_in_accounts");
  }
  c.set("caller", caller);
  await next();
});

async function identify(
  header: string,
  issuers: Parameters<typeof identifyByJwt>[1],
  lookup: Lookup,
): Promise<Result<{ caller: Caller }>> {
  if (header.length > MAX_CREDENTIAL_CHARS) return denied("too_large");
  const credential = BEARER.exec(header)?.[1];
  if (credential === undefined) return denied("not_bearer");
  return isApiKey(credential)
    ? identifyByApiKey(credential, lookup)
    : identifyByJwt(credential, issuers, lookup);
}
