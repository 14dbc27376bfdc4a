/** Why a credential was refused: precise for the log, vague for whoever sent it. */
import { ProblemError } from "../problem.ts";

export type Denial = BadCredential | NotItsFault;

type BadCredential =
  // What its form alone tells.
  | "not_bearer"
  | "too_large"
  | "malformed"
  | "duplicate_claims"
  | "embedded_key"
  | "critical_header"
  | "key_id"
  | "type"
  | "algorithm"
  | "no_issuers"
  | "issuer"
  | "audience"
  | "claims"
  | "expired"
  | "not_yet_valid"
  // What an issuer's keys tell.
  | "unknown_key"
  | "signature"
  // API keys.
  | "api_key_malformed"
  | "api_key_checksum"
  | "api_key_unknown"
  | "api_key_bad_record"
  | "api_key_expired";

type NotItsFault =
  // It is good, but not for this.
  | "scope_missing"
  | "account_claim_missing"
  // It could not be checked, or not now.
  | "keys_unavailable"
  | "api_keys_unavailable"
  | "address_limited"
  | "api_key_reads_limited";

export type Result<T> = ({ readonly ok: true } & T) | Denied;

export interface Denied {
  readonly ok: false;
  readonly denial: Denial;
  /** The configured issuer that the token claims to be of. */
  readonly issuer?: string | undefined;
}

export const denied = (denial: Denial, issuer?: string): Denied => ({ ok: false, denial, issuer });

/** Seconds until trying again may help, where an outage or a limit was in the way. */
const AFTER_OUTAGE = { "retry-after": "5" };
const AFTER_LIMIT = { "retry-after": "10" };

/** One wording for every bad credential. What is not the credential's fault is not called that. */
export function problemOf({ denial, issuer }: Denied): ProblemError {
  switch (denial) {
    case "scope_missing":
      return new ProblemError("insufficient_scope", denial, {}, issuer);
    case "account_claim_missing":
      return new ProblemError("unknown_account", denial, {}, issuer);
    case "keys_unavailable":
    case "api_keys_unavailable":
      return new ProblemError("upstream_unavailable", denial, AFTER_OUTAGE, issuer);
    case "address_limited":
    case "api_key_reads_limited":
      return new ProblemError("rate_limited", denial, AFTER_LIMIT);
    default:
      denial satisfies BadCredential;
      return new ProblemError("invalid_credentials", denial, {}, issuer);
  }
}
