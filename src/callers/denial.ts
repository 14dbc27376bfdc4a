/** Why a credential was refused: precise for the log, vague for whoever sent it. */
import { ProblemError } from "../problem.ts";

export type Denial = BadCredential | Forbidden | Undecidable;

type BadCredential =
  // By its form and claims alone.
  | "not_bearer"
  | "too_large"
  | "malformed"
  | "encrypted"
  | "duplicate_claims"
  | "critical_header"
  | "key_id"
  | "type"
  | "event_token"
  | "algorithm"
  | "no_issuers"
  | "issuer"
  | "issuer_spelling"
  | "audience"
  | "audience_missing"
  | "audience_spelling"
  | "claim_sub"
  | "claim_exp"
  | "claim_nbf"
  | "claim_iat"
  | "expired"
  | "not_yet_valid"
  // By the issuer's keys.
  | "unknown_key"
  | "unfit_key"
  | "signature"
  // API keys.
  | "api_key_malformed"
  | "api_key_checksum"
  | "api_key_unknown"
  | "api_key_bad_record"
  | "api_key_expired";

/** A good credential, but not for this. */
type Forbidden = "scope_missing" | "account_claim_missing" | "account_claim_invalid";

/** It could not be checked now, so it is not called bad. */
type Undecidable =
  | "keys_unavailable"
  | "api_keys_unavailable"
  | "address_limited"
  | "api_key_reads_limited";

export type Result<T> = ({ readonly ok: true } & T) | Denied;

export interface Denied {
  readonly ok: false;
  readonly denial: Denial;
  /** The configured issuer that the token names. */
  readonly issuer?: string | undefined;
}

export const denied = (denial: Denial, issuer?: string): Denied => ({ ok: false, denial, issuer });

/** Seconds until a retry may succeed. */
const AFTER_OUTAGE = { "retry-after": "5" };
const AFTER_LIMIT = { "retry-after": "10" };

/** The outer error for an inner reason: one wording for every bad credential. */
export function problemOf({ denial, issuer }: Denied): ProblemError {
  switch (denial) {
    case "scope_missing":
      return new ProblemError("insufficient_scope", denial, {}, { issuer });
    case "account_claim_missing":
    case "account_claim_invalid":
      return new ProblemError("unknown_account", denial, {}, { issuer });
    case "keys_unavailable":
    case "api_keys_unavailable":
      return new ProblemError("upstream_unavailable", denial, AFTER_OUTAGE, { issuer });
    case "address_limited":
    case "api_key_reads_limited":
      return new ProblemError("rate_limited", denial, AFTER_LIMIT);
    default:
      denial satisfies BadCredential;
      return new ProblemError("invalid_credentials", denial, {}, { issuer });
  }
}
