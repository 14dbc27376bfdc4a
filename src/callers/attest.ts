/**
 * App attestation with Firebase App Check: evidence that a request comes from the genuine app on a genuine
 * device. Required beside the credential, never accepted in its place.
 */
import type { AppCheck } from "../config/config.ts";
import type { Issuer } from "../config/issuers.ts";
import type { AppContext, Middleware } from "../context.ts";
import { withDeadline } from "../lib/deadline.ts";
import { isObject } from "../lib/json.ts";
import { LogThrottle } from "../lib/log-throttle.ts";
import { ProblemError } from "../problem.ts";
import { type Denial, denied, problemOf } from "./denial.ts";
import { verifyJwt } from "./jwt/verify.ts";
import { type Lookup, lookupOf } from "./lookup.ts";
import { VerifiedCache } from "./verified-cache.ts";

const JWKS_URL = "https://firebaseappcheck.googleapis.com/v1/jwks";
const MAX_TOKEN_CHARS = 4_096;
const OBSERVE_DEADLINE_MS = 300;

/**
 * `observe` logs and counts a failure but serves the caller; `enforce` refuses.
 *
 * @throws ProblemError `attestation_failed`, or `upstream_unavailable` when it cannot be checked now
 */
export const attest: Middleware = async function attest(c, next) {
  const { APP_CHECK } = c.var.config;
  if (APP_CHECK === undefined) return next();
  const enforce = APP_CHECK.mode === "enforce";
  const check = c.var.attesting ?? startCheck(c, APP_CHECK);
  // Observing must not delay the caller noticeably.
  const failure = enforce
    ? await check
    : await withDeadline(check, OBSERVE_DEADLINE_MS).catch(() => "keys_unavailable" as const);
  c.set("attestation", failure ?? "ok");
  if (failure !== null) {
    if (enforce && failure === "keys_unavailable") throw problemOf(denied(failure));
    if (enforce) throw new ProblemError("attestation_failed", failure);
    const { account, id } = c.var.caller;
    const facts = { request_id: c.var.requestId, account, caller: id, reason: failure };
    c.var.state.of(LogThrottle).log("warn", "attestation_failed", facts, id);
  }
  return next();
};

/** Begins the check beside that of the credential, where both have to wait for keys. */
export function beginAttestation(c: AppContext): void {
  const { APP_CHECK } = c.var.config;
  if (APP_CHECK !== undefined && c.var.attesting === undefined) {
    c.set("attesting", startCheck(c, APP_CHECK));
  }
}

function startCheck(c: AppContext, appCheck: AppCheck): Promise<AttestationFailure | null> {
  const lookup = lookupOf(c);
  const check = attestationFailure(c.req.header("x-firebase-appcheck"), appCheck, lookup);
  lookup.waitUntil(check);
  return check;
}

type AttestationFailure = Denial | "missing" | "sdk_placeholder" | "app_id";

async function attestationFailure(
  token: string | undefined,
  appCheck: AppCheck,
  lookup: Lookup,
): Promise<AttestationFailure | null> {
  if (token === undefined) return "missing";
  const verifiedCache = lookup.state.of(VerifiedCache);
  if (verifiedCache.isAttested(token)) return null;
  if (token.length > MAX_TOKEN_CHARS) return "too_large";
  if (isSdkPlaceholder(token)) return "sdk_placeholder";
  const verified = await verifyJwt(token, [issuerFor(appCheck)], lookup);
  if (!verified.ok) return verified.denial;
  const { sub, exp } = verified.claims;
  if (!appCheck.app_ids.includes(sub)) return "app_id";
  verifiedCache.addAttested(token, exp * 1_000);
  return null;
}

/** What Firebase's SDKs send when they could not get a token: base64 of `{"error":"UNKNOWN_ERROR"}`. */
function isSdkPlaceholder(token: string): boolean {
  try {
    const value: unknown = JSON.parse(atob(token));
    return isObject(value) && typeof value.error === "string";
  } catch {
    return false;
  }
}

/** App Check tokens are JWTs of an ordinary issuer (Firebase's documentation, "Verify App Check tokens"). */
function issuerFor({ project_number, jwks_url }: AppCheck): Issuer {
  return {
    issuer: `https://firebaseappcheck.googleapis.com/${project_number}`,
    audience: `projects/${project_number}`,
    algorithms: ["RS256"],
    jwks_url: jwks_url ?? JWKS_URL,
  };
}
