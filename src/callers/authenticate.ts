/**
 * From the Authorization header to a verified identity, and to what it may see; or to a refusal that tells
 * outsiders nothing. Between the two steps the identity's requests are counted, whatever comes of them.
 */
import type { AppContext, Identity, Middleware } from "../context.ts";
import { ProblemError } from "../problem.ts";
import { identifyByApiKey, isApiKey } from "./api-key/lookup.ts";
import { beginAttestation } from "./attest.ts";
import type { Identified } from "./caller.ts";
import { credentialOf, headerOf } from "./credential.ts";
import { type Denied, denied, problemOf, type Result } from "./denial.ts";
import { identifyByJwt } from "./jwt/verify.ts";
import { addressOf, countFailure, isOverFailureLimit } from "./limit.ts";
import { type Lookup, lookupOf } from "./lookup.ts";
import { VerifiedCache } from "./verified-cache.ts";

/** Whose the credential is. @throws ProblemError 401, 429, or 503 when it cannot be checked now */
export const authenticate: Middleware = async function authenticate(c, next) {
  const header = c.req.header("authorization");
  if (header === undefined) throw new ProblemError("missing_credentials", "no_header");
  const parsed = credentialOf(header);
  if (typeof parsed === "string") throw await refusalOf(denied(parsed), c);
  const verified = c.var.state.of(VerifiedCache).callerOf(headerOf(parsed.credential));
  if (verified !== null) {
    c.set("identity", { id: verified.id, access: verified, remember: null });
  } else {
    const result = await identify(parsed.credential, c);
    if (!result.ok) throw await refusalOf(result, c);
    c.set("identity", identityOf(result, headerOf(parsed.credential), c));
  }
  await next();
};

/**
 * What the identity may see. Remembers it, so that only who is within the limits takes room in memory.
 *
 * @throws ProblemError 403
 */
export const authorize: Middleware = async function authorize(c, next) {
  const { access, remember } = c.var.identity;
  if (access instanceof ProblemError) throw access;
  if (!c.var.config.accounts.has(access.account)) {
    throw new ProblemError("unknown_account", "not_in_accounts");
  }
  remember?.();
  c.set("caller", access);
  await next();
};

function identityOf({ id, access, until }: Identified, header: string, c: AppContext): Identity {
  if ("denial" in access) return { id, access: problemOf(access), remember: null };
  const caller = { id, ...access };
  const remember = () => c.var.state.of(VerifiedCache).addCaller(header, caller, until);
  return { id, access: caller, remember };
}

function identify(credential: string, c: AppContext): Promise<Result<Identified>> {
  const { config, state } = c.var;
  const basis = lookupOf(c);
  const lookup: Lookup = {
    ...basis,
    cacheOnly: isOverFailureLimit(basis.sender, state),
    readAhead: (likelyAccount) => {
      c.var.readAhead?.begin(likelyAccount);
      beginAttestation(c);
    },
  };
  return isApiKey(credential)
    ? identifyByApiKey(credential, lookup)
    : identifyByJwt(credential, config.JWT_ISSUERS, lookup);
}

/**
 * Counts the failure against the address. Over its limit the answer is 429, but for what has merely expired:
 * 401 is what makes an app renew it.
 */
async function refusalOf(refused: Denied, c: AppContext): Promise<ProblemError> {
  const isOver = await countFailure(addressOf(c.req.raw.headers), c.env, c.var.state);
  const { denial } = refused;
  const isExpired = denial === "expired" || denial === "api_key_expired";
  return problemOf(isOver && !isExpired ? denied("address_limited") : refused);
}
