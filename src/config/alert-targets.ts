/** `ALERTS`: where webhooks are sent, for which thresholds, and the secret that signs them. */
import * as z from "zod/mini";
import { compareMoney, isMoney, type Money, ZERO } from "../lib/money.ts";
import { textThat } from "../lib/schema.ts";
import { hmacKeyOf } from "../lib/standard-webhooks.ts";
import { isPublicHttps } from "../lib/url.ts";
import { secretName } from "./fields.ts";

const threshold = z.custom<Money>(
  (value) => isMoney(value) && compareMoney(value, ZERO) > 0,
  "must be an amount, more than 0.00",
);

export const alertsSchema = z.strictObject({
  url: textThat(isPublicHttps, "must be an https URL of a public host"),
  secret: secretName,
  thresholds: z
    .array(threshold)
    .check(
      z.refine(
        (list) => list.length <= 10 && new Set(list).size === list.length,
        "must be at most 10 amounts, each once",
      ),
    ),
});

/** Where webhooks are sent. */
export interface AlertTarget {
  readonly url: string;
  /** `whsec_` and base64, as Standard Webhooks writes it, or base64 alone. */
  readonly secret: string;
}

/** @returns the secret that `ALERTS` names (even if the rest of it is invalid), or what is wrong with it */
export function resolveSigningSecret(
  value: unknown,
  env: Readonly<Record<string, unknown>>,
): { readonly secret: string; readonly problem?: string } {
  const named: unknown =
    typeof value === "object" && value !== null && "secret" in value && value.secret;
  const name = secretName.safeParse(named);
  if (!name.success) return { secret: "" };
  const secret = env[name.data];
  if (typeof secret === "string" && hmacKeyOf(secret) !== null) return { secret };
  const problem = `${name.data}: the secret is missing or not base64 of 24 bytes (ALERTS)`;
  return { secret: "", problem };
}
