/**
 * JWT callers (RFC 7519, RFC 8725): asymmetric signatures of configured issuers only.
 *
 * Whatever can be refused without a key is refused first, so that a token of bad shape never costs
 * a key fetch. All claims are checked again by jose after the signature: those first looks only save work.
 */
import { type JWTPayload, decodeJwt, decodeProtectedHeader, errors, jwtVerify } from "jose";
import type { Env, Issuer } from "../config.ts";
import { type Caller, callerId } from "./caller.ts";
import { type KeySet, keySetAfterMiss, keySetOf } from "./key-sets.ts";

/** Why a token was refused: for the log, never for the caller. */
export type Denial =
  | "malformed"
  | "algorithm"
  | "key_id"
  | "issuer"
  | "audience"
  | "expired"
  | "not_yet_valid"
  | "claims"
  | "unknown_key"
  | "keys_unavailable"
  | "signature"
  | "scope_missing"
  | "account_claim_missing";

export type JwtResult =
  | { readonly ok: true; readonly caller: Caller }
  | { readonly ok: false; readonly denial: Denial };

const LEEWAY_SECONDS = 30;
const MAX_KEY_ID_CHARS = 256;

type WaitUntil = (work: Promise<unknown>) => void;

/** Never throws on a bad token. */
export async function verifyJwt(
  token: string,
  issuers: readonly Issuer[],
  env: Env,
  waitUntil: WaitUntil,
): Promise<JwtResult> {
  const issuer = issuerOf(token, issuers);
  if (typeof issuer === "string") return { ok: false, denial: issuer };
  const keys = await keySetOf(issuer, env, waitUntil);
  if (keys === null) return { ok: false, denial: "keys_unavailable" };
  const payload = await verifyWith(token, issuer, keys);
  if (payload !== "unknown_key") return judge(payload, issuer);
  const newer = await keySetAfterMiss(issuer, keys, env);
  return judge(newer === null ? "unknown_key" : await verifyWith(token, issuer, newer), issuer);
}

/** The one configured issuer the token is for, judged by what it says unverified. */
function issuerOf(token: string, issuers: readonly Issuer[]): Issuer | Denial {
  let header: ReturnType<typeof decodeProtectedHeader>;
  let claims: JWTPayload;
  try {
    if (token.split(".").length !== 3) return "malformed";
    header = decodeProtectedHeader(token);
    claims = decodeJwt(token);
  } catch {
    return "malformed";
  }
  const { alg, kid } = header;
  if (kid !== undefined && (typeof kid !== "string" || kid.length > MAX_KEY_ID_CHARS))
    return "key_id";
  const ofIssuer = issuers.filter((entry) => entry.issuer === claims.iss);
  if (ofIssuer.length === 0) return "issuer";
  const audiences = [claims.aud].flat();
  const entry = ofIssuer.find(({ audience }) => audiences.includes(audience));
  if (entry === undefined) return "audience";
  if (!entry.algorithms.some((allowed) => allowed === alg)) return "algorithm";
  if (typeof claims.exp !== "number" || typeof claims.sub !== "string" || claims.sub === "") {
    return "claims";
  }
  if (claims.exp <= Date.now() / 1_000 - LEEWAY_SECONDS) return "expired";
  return entry;
}

async function verifyWith(
  token: string,
  { issuer, audience, algorithms }: Issuer,
  keys: KeySet,
): Promise<JWTPayload | Denial> {
  try {
    const options = {
      issuer,
      audience,
      algorithms,
      clockTolerance: LEEWAY_SECONDS,
      requiredClaims: ["exp", "sub"],
    };
    return (await jwtVerify(token, keys.find, options)).payload;
  } catch (error) {
    return denialOf(error);
  }
}

function denialOf(error: unknown): Denial {
  if (error instanceof errors.JWTExpired) return "expired";
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.claim === "nbf" ? "not_yet_valid" : "claims";
  }
  if (error instanceof errors.JWKSNoMatchingKey) return "unknown_key";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "signature";
  if (error instanceof errors.JOSEAlgNotAllowed) return "algorithm";
  return "malformed";
}

async function judge(payload: JWTPayload | Denial, issuer: Issuer): Promise<JwtResult> {
  if (typeof payload === "string") return { ok: false, denial: payload };
  if (issuer.scope !== undefined && !scopesOf(payload).includes(issuer.scope)) {
    return { ok: false, denial: "scope_missing" };
  }
  const account = accountOf(payload, issuer);
  if (account === null) return { ok: false, denial: "account_claim_missing" };
  const id = await callerId(issuer.issuer, payload.sub ?? "");
  return { ok: true, caller: { id, account } };
}

/** `scope`, a string of words (RFC 8693), or `scp`, a list (some providers). */
function scopesOf({ scope, scp }: JWTPayload): readonly unknown[] {
  if (typeof scope === "string") return scope.split(" ");
  return Array.isArray(scp) ? scp : [];
}

/** A claim that should name the account but does not is no reason to show another one's. */
function accountOf(payload: JWTPayload, { account, account_claim }: Issuer): string | null {
  if (account_claim === undefined) return account ?? "default";
  const claimed = payload[account_claim];
  return typeof claimed === "string" ? claimed : null;
}
