/** An entry of `JWT_ISSUERS`: whose tokens are accepted, and what must hold for them. */
import * as z from "zod/mini";
import { listOf } from "../lib/schema.ts";
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

export const issuerSchema = z.strictObject({
  issuer: safeUrl,
  audience: someText,
  jwks_url: z.optional(safeUrl),
  algorithms: z.optional(listOf(z.enum(ASYMMETRIC))),
  scope: z.optional(someText),
  account: z.optional(accountName),
  account_claim: z.optional(someText),
});
export type Issuer = z.infer<typeof issuerSchema>;
