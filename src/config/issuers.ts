/** `JWT_ISSUERS`: whose tokens are accepted, and where in them things are stated. */
import * as z from "zod/mini";
import { listOf, oneOrList } from "../lib/schema.ts";
import { isSafeUrl } from "../lib/url.ts";
import { accountName, safeUrl, someText } from "./fields.ts";

/** Signature algorithms (RFC 7518, RFC 8037, RFC 9864) allowed when an entry names none. Never a symmetric one. */
export const ASYMMETRIC = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
] as const;
export type Algorithm = (typeof ASYMMETRIC)[number];

const textOrTexts = oneOrList(someText, 1_000, "must be a text or a list of texts");

/** A claim by its name, or by the names on the way to it: `["app_metadata", "zoo_account"]`. */
const claimPath = textOrTexts;
export type ClaimPath = z.infer<typeof claimPath>;

export const issuerSchema = z
  .strictObject({
    /** Any StringOrURI (RFC 7519, section 4.1.1): a name to compare with, not an address to call. */
    issuer: someText,
    audience: textOrTexts,
    audience_claim: z.optional(claimPath),
    jwks_url: z.optional(safeUrl),
    algorithms: z.optional(listOf(z.enum(ASYMMETRIC))),
    scope: z.optional(someText),
    scope_claims: z.optional(listOf(claimPath)),
    account: z.optional(accountName),
    account_claim: z.optional(claimPath),
  })
  .check(
    // Only OpenID discovery calls it.
    z.refine(({ issuer, jwks_url }) => jwks_url !== undefined || isSafeUrl(issuer), {
      path: ["issuer"],
      message: "must be an https URL (http only to loopback) unless jwks_url is given",
    }),
  );
export type Issuer = z.infer<typeof issuerSchema>;
