/**
 * App attestation with Firebase App Check: the request comes from the real app, on a real device.
 * Beside the credential, never instead of it.
 */
import type { AppCheck, Config, Issuer } from "../config/config.ts";
import type { Middleware } from "../context.ts";
import { withDeadline } from "../lib/deadline.ts";
import { logLine } from "../lib/log.ts";
import { ProblemError } from "../problem.ts";
import { type Denial, denied, problemOf } from "./denial.ts";
import { verifyJwt } from "./jwt/verify.ts";
import type { Lookup } from "./lookup.ts";
import { isAttested, rememberAttested } from "./verified-cache.ts";

const JWKS_URL = "https://firebaseappcheck.googleapis.com/v1/jwks";
const MAX_TOKEN_CHARS = 4_096;
const OBSERVE_DEADLINE_MS = 300;

/**
 * `observe` logs and counts a failure and serves the caller all the same; `enforce` refuses.
 *
 * @throws ProblemError `attestation_failed`, or `upstream_unavailable` when it cannot be checked now
 */
export const attest: Middleware = async function attest(c, next) {
  const { APP_CHECK } = c.var.config;
  if (APP_CHECK === undefined) return next();
  const { env, executionCtx } = c;
  const enforce = APP_CHECK.mode === "enforce";
  const check = attestationFailure(c.req.header("x-firebase-appcheck"), c.var.config, {
    env,
    waitUntil: (work) => executionCtx.waitUntil(work),
    mayAsk: true,
  });
  executionCtx.waitUntil(check);
  // What is only observed must not cost the caller more than a moment.
  const failure = enforce
    ? await check
    : await withDeadline(check, OBSERVE_DEADLINE_MS).catch(() => "keys_unavailable" as const);
  c.set("attestation", failure ?? "ok");
  if (failure !== null) {
    if (enforce && failure === "keys_unavailable") throw problemOf(denied(failure));
    if (enforce) throw new ProblemError("attestation_failed", failure);
    const { account, id } = c.var.caller;
    const facts = { request_id: c.var.requestId, account, caller: id, reason: failure };
    logLine("warn", "attestation_failed", facts);
  }
  return next();
};

async function attestationFailure(
  token: string | undefined,
  config: Config,
  lookup: Lookup,
): Promise<Denial | "missing" | "app_id" | null> {
  const appCheck = config.APP_CHECK;
  if (token === undefined) return "missing";
  if (appCheck === undefined || isAttested(token, config)) return null;
  if (token.length > MAX_TOKEN_CHARS) return "too_large";
  const verified = await verifyJwt(token, [issuerFor(appCheck)], lookup);
  if (!verified.ok) return verified.denial;
  const { sub, exp } = verified.claims;
  if (!appCheck.app_ids.includes(sub)) return "app_id";
  rememberAttested(token, exp * 1_000, config);
  return null;
}

/** Firebase's tokens are those of an issuer like another (its own documentation, "Verify tokens"). */
function issuerFor({ project_number, jwks_url }: AppCheck): Issuer {
  return {
    issuer: `https://firebaseappcheck.googleapis.com/${project_number}`,
    audience: `projects/${project_number}`,
    algorithms: ["RS256"],
    jwks_url: jwks_url ?? JWKS_URL,
  };
}
