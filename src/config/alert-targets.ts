/** `ALERTS`: the receivers of webhooks, what each is told of, and the secrets that sign. */
import * as z from "zod/mini";
import { compareMoney, isMoney, type Money, ZERO } from "../lib/money.ts";
import { listOf, oneOrList, textThat, whole } from "../lib/schema.ts";
import { hmacKeyOf } from "../lib/standard-webhooks.ts";
import { isPublicHttps } from "../lib/url.ts";
import { secretName } from "./fields.ts";
import { wordsFor } from "./issues.ts";

const MAX_TARGETS = 3;
/** One that signs, and during a rotation its successor. */
const MAX_SECRETS = 2;

/** At most ten, each once. */
const tenOf = <T>(item: z.ZodMiniType<T>, what: string) =>
  z
    .array(item)
    .check(
      z.refine(
        (list) => list.length <= 10 && new Set(list).size === list.length,
        `must be at most 10 ${what}, each once`,
      ),
    );

const threshold = z.custom<Money>(
  (value) => isMoney(value) && compareMoney(value, ZERO) > 0,
  "must be an amount, more than 0.00",
);

const days = z.custom<number>(
  (value) => typeof value === "number" && value > 0 && value <= 400,
  "must be a number of days, up to 400",
);

const secretNames = oneOrList(
  secretName,
  MAX_SECRETS,
  `must be the NAME_OF_A_SECRET, not the secret, or a list of up to ${MAX_SECRETS}`,
);

const targetSchema = z.strictObject({
  url: textThat(isPublicHttps, "must be an https URL of a public host"),
  secret: secretNames,
  thresholds: tenOf(threshold, "amounts"),
  days: z.optional(tenOf(days, "numbers of days")),
  stale_minutes: z.optional(whole(0, 1_440, "must be a whole number from 0 (never) to 1440")),
});
type Target = z.infer<typeof targetSchema>;

/** One receiver, or a list of them. What is wrong in a single one is told without an index. */
export const alertsSchema = z.custom<readonly Target[]>().check((payload) => {
  const given: unknown = payload.value;
  const schema = Array.isArray(given) ? listOf(targetSchema, MAX_TARGETS) : targetSchema;
  const { success, data, error } = schema.safeParse(given, { error: wordsFor });
  if (success) payload.value = [data].flat();
  for (const { path, message } of error?.issues ?? []) {
    payload.issues.push({ code: "custom", input: given, path: [...path], message });
  }
});

/** Where signed webhooks are sent. */
export interface Receiver {
  readonly url: string;
  /** One or two, each `whsec_` and base64, as Standard Webhooks writes it, or base64 alone. */
  readonly secrets: readonly string[];
}

/** A receiver, and what it is told of. It is known by its place in the list. */
export interface AlertTarget extends Receiver {
  /** USD, canonical. */
  readonly thresholds: readonly Money[];
  /** Forecasts that are worth an alert: the balance lasts for less than so many days. */
  readonly days: readonly number[];
  /** Minutes without a success of Zoo; 0 for never. */
  readonly staleMinutes: number;
}

/** @returns the receivers with the secrets that they name, and what is wrong with those */
export function resolveAlertTargets(
  given: unknown,
  targets: readonly Target[],
  env: Readonly<Record<string, unknown>>,
): { readonly targets: readonly AlertTarget[]; readonly problems: readonly string[] } {
  const named = [given].flat().flatMap((target: unknown) => namesOf(target));
  const problems = [...new Set(named)]
    .filter((name) => signingSecret(env[name]) === null)
    .map((name) => `${name}: the secret is missing or not base64 of 24 bytes (ALERTS)`);
  const resolved = targets.map(({ url, secret, thresholds, days = [], stale_minutes = 30 }) => {
    const secrets = [secret].flat().flatMap((name) => signingSecret(env[name]) ?? []);
    return { url, secrets, thresholds, days, staleMinutes: stale_minutes };
  });
  return { targets: resolved, problems };
}

/** The names of a receiver's secrets, even where the rest of it is invalid. */
function namesOf(target: unknown): readonly string[] {
  const named: unknown =
    typeof target === "object" && target !== null && "secret" in target && target.secret;
  return [named].flat().filter((name): name is string => secretName.safeParse(name).success);
}

const signingSecret = (value: unknown) =>
  typeof value === "string" && hmacKeyOf(value) !== null ? value : null;
