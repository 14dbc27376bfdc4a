/** Where a token states things, as its entry in `JWT_ISSUERS` says: audience, scope, account. */

import { accountName } from "../../config/fields.ts";
import type { ClaimPath, Issuer } from "../../config/issuers.ts";
import type { Scope } from "../../context.ts";
import { type Fields, isObject } from "../../lib/json.ts";

const SCOPE_CLAIMS: readonly ClaimPath[] = ["scope", "scp"];

/** The claim at a path; `undefined` when it is absent or null. */
function claimAt(claims: Fields, path: ClaimPath): unknown {
  let value: unknown = claims;
  for (const name of [path].flat()) {
    value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  }
  return value ?? undefined;
}

/** Who the token is for: a text or a list of texts (RFC 7519, section 4.1.3). */
export function audiencesOf(claims: Fields, { audience_claim = "aud" }: Issuer): unknown[] {
  return [claimAt(claims, audience_claim) ?? []].flat();
}

/** Whether the claims grant the scope that the entry requires, if it requires one. */
export function hasScope(claims: Fields, issuer: Issuer): boolean {
  return issuer.scope === undefined || scopeWords(claims, issuer).includes(issuer.scope);
}

/**
 * A scope claim is a string of words (RFC 8693) or a list, and some providers put several words into one
 * item of a list. Roles and permissions may contain spaces, so each item also counts as a whole.
 */
function scopeWords(claims: Fields, { scope_claims }: Issuer): readonly unknown[] {
  const items = (scope_claims ?? SCOPE_CLAIMS).flatMap((path) => [claimAt(claims, path)].flat());
  return items.flatMap((item) =>
    typeof item === "string" ? [item, ...item.split(/[\s,]+/)] : item,
  );
}

/** A token whose scopes say nothing about balances sees everything; one limited to the status gets that. */
export function scopeOf(claims: Fields, issuer: Issuer): Scope {
  const words = scopeWords(claims, issuer);
  const statusOnly = words.includes("balance:status") && !words.includes("balance:read");
  return statusOnly ? "balance:status" : "balance:read";
}

/**
 * The account that the token's bearer may see. A token without the account claim gets the entry's fixed
 * account if there is one; a claim that names no possible account never falls back to another one.
 */
export function accountOf(
  claims: Fields,
  { account, account_claim }: Issuer,
): { readonly name: string } | "account_claim_missing" | "account_claim_invalid" {
  if (account_claim === undefined) return { name: account ?? "default" };
  const claimed = claimAt(claims, account_claim);
  if (claimed === undefined) {
    return account === undefined ? "account_claim_missing" : { name: account };
  }
  const name = accountName.safeParse(claimed).data;
  return name === undefined ? "account_claim_invalid" : { name };
}
