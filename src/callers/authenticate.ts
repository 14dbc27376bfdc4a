/** From the Authorization header to a caller, or a refusal that tells outsiders nothing. */
import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../context.ts";
import { ProblemError } from "../problem.ts";
import { type Denial, verifyJwt } from "./jwt.ts";

/** Larger than any identity provider's token; a header of more is not looked into. */
const MAX_CREDENTIAL_CHARS = 8_192;
const BEARER = /^Bearer +([^\s,]+)$/i;

/** @throws ProblemError 401 or 403 */
export const authenticate = createMiddleware<AppEnv>(async function authenticate(c, next) {
  const header = c.req.header("authorization");
  if (header === undefined) throw new ProblemError("missing_credentials", "no_header");
  if (header.length > MAX_CREDENTIAL_CHARS) deny("too_large");
  const credential = BEARER.exec(header)?.[1] ?? deny("not_bearer");
  const result = await verifyJwt(credential, c.var.config.JWT_ISSUERS, c.env, (work) =>
    c.executionCtx.waitUntil(work),
  );
  if (!result.ok) return deny(result.denial);
  c.set("caller", result.caller);
  if (!c.var.config.accounts.has(result.caller.account)) {
    throw new ProblemError("unknown_account", "not_in_accounts");
  }
  await next();
});

function deny(denial: Denial | "too_large" | "not_bearer"): never {
  switch (denial) {
    case "scope_missing":
      throw new ProblemError("insufficient_scope", denial);
    case "account_claim_missing":
      throw new ProblemError("unknown_account", denial);
    default:
      throw new ProblemError("invalid_credentials", denial);
  }
}
