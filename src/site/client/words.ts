/** What codes and numbers mean to a person. */

export interface Answer {
  readonly status: string;
  readonly available?: string;
  readonly low_below?: string;
  readonly pay_as_you_go?: boolean | null;
  readonly blocked?: string | null;
  readonly monthly?: {
    readonly remaining: string;
    readonly allowance: string | null;
    readonly refreshes_at: string | null;
  };
  readonly prepaid?: { readonly remaining: string; readonly cash: string | null };
  readonly plan?: { readonly title: string } | null;
  readonly total_due?: string | null;
  readonly stale: boolean;
  readonly stale_reason: string | null;
}

const USD = new Intl.NumberFormat("en", { style: "currency", currency: "USD" });
const EXACT = new Intl.NumberFormat("en", {
  style: "currency",
  currency: "USD",
  maximumFractionDigits: 20,
});

const TWO_DIGITS = new Intl.NumberFormat("en", { maximumFractionDigits: 2, useGrouping: false });

/**
 * For display: whole cents, rounded as text, since "1.005" is less than that as a double. Doubles hold them
 * exactly up to 90 trillion dollars; `+ 0` makes nothing of a negative nothing.
 */
export const centsOf = (decimal: string): number =>
  Math.round(Number(TWO_DIGITS.format(decimal as unknown as number)) * 100) + 0;
export const dollars = (cents: number): string => USD.format(cents / 100);
/** An amount for display: rounded to cents. */
export const inDollars = (decimal: string): string => dollars(centsOf(decimal));

/** Every digit, since a text is not made a double before it is formatted (ECMA-402, 2023). */
export const exact = (decimal: string): string => EXACT.format(decimal as unknown as number);

const STATUS: Readonly<Record<string, string>> = {
  ok: "There is enough.",
  low: "It is running low.",
  exhausted: "Nothing is left.",
  contract: "On a contract: the balance is not the limit.",
  blocked: "Zoo has blocked this account.",
};
export function statusInWords({ status, low_below }: Answer): string {
  if (status === "low" && low_below !== undefined) {
    return `It is running low: less than ${inDollars(low_below)}.`;
  }
  return STATUS[status] ?? status;
}

const BLOCKED: Readonly<Record<string, string>> = {
  missing_payment_method: "Add a payment method in the account at Zoo.",
  payment_method_failed: "A payment failed: check the payment method in the account at Zoo.",
  billing_threshold_reached: "The billing limit is reached: pay what is due at Zoo.",
  pay_as_you_go_disabled: "The credits are used up: allow pay-as-you-go in the account at Zoo.",
  upgrade_downgrade_abuse: "The plan was changed too often: contact Zoo's support.",
  admin: "Contact Zoo's support.",
};
export const blockInWords = (blocked: string): string =>
  BLOCKED[blocked] ?? `Zoo's reason: ${blocked}. Contact Zoo's support.`;

const UPSTREAM: Readonly<Record<string, string>> = {
  upstream_unavailable: "Zoo cannot be reached",
  upstream_rejected: "Zoo refuses the service",
  upstream_invalid: "Zoo's answer could not be read",
};
const LAST_KNOWN = ": this is the last known value.";

export function stalenessInWords(reason: string | null): string {
  if (reason === null) return "";
  if (reason === "revalidating") return "A newer value is on its way. ";
  const words = UPSTREAM[reason];
  return words === undefined ? `Not fresh (${reason}). ` : `${words}${LAST_KNOWN} `;
}

const ERRORS: Readonly<Record<string, string>> = {
  missing_credentials: "Paste a credential first.",
  invalid_credentials: "This credential is not valid, or no longer. Get a new one.",
  insufficient_scope: "This credential may not see the balance.",
  attestation_failed: "Only the real app may ask here: this page cannot attest that it is one.",
  unknown_account: "This credential is for an account that the service does not know.",
  rate_limited: "Too many requests.",
  misconfigured: "The service is not set up correctly. Its operator finds the reason in the log.",
};

export interface Problem {
  readonly code?: string;
  readonly detail?: string;
}

/** @param isKnown whether an earlier value is shown below it */
export function errorInWords(
  { code = "", detail = "" }: Problem,
  retryAfter: string | null,
  isKnown: boolean,
): string {
  const upstream = UPSTREAM[code];
  const words =
    upstream === undefined
      ? (ERRORS[code] ?? (detail || "Something went wrong."))
      : `${upstream}${isKnown ? LAST_KNOWN : ", and no earlier value is known."}`;
  return retryAfter === null ? words : `${words} Try again in ${retryAfter} s.`;
}

/** @param ms since the value was had from Zoo */
export function ageInWords(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 5) return "Updated just now.";
  if (seconds < 120) return `Updated ${seconds} seconds ago.`;
  if (seconds < 7_200) return `Updated ${Math.round(seconds / 60)} minutes ago.`;
  if (seconds < 172_800) return `Updated ${Math.round(seconds / 3_600)} hours ago.`;
  return `Updated ${Math.round(seconds / 86_400)} days ago.`;
}

const DAY = new Intl.DateTimeFormat("en", { month: "short", day: "numeric", timeZone: "UTC" });
export const dayInWords = (ms: number): string => DAY.format(ms);

const DATE = new Intl.DateTimeFormat("en", { dateStyle: "long", timeZone: "UTC" });
export const dateInWords = (ms: number): string => DATE.format(ms);

const NO_FORECAST: Readonly<Record<string, string>> = {
  not_enough_history: "There is less than a day of history: too little to tell how long it lasts.",
  not_spending: "Nothing has been spent in the last 7 days.",
};

/** A date farther off than this says no more than that it is far off. */
const FAR_OFF_MS = 10 * 365 * 86_400_000;

export function forecastInWords(forecast: {
  readonly to: string;
  readonly spend_per_day: string | null;
  readonly lasts_until: string | null;
  readonly forecast_reason: string | null;
}): string {
  const { to, spend_per_day, lasts_until, forecast_reason } = forecast;
  if (spend_per_day === null || lasts_until === null) {
    return NO_FORECAST[forecast_reason ?? ""] ?? "There is no forecast.";
  }
  const [daily, end] = [inDollars(spend_per_day), Date.parse(lasts_until)];
  const leftMs = end - Date.parse(to);
  if (leftMs <= 0) return `${daily} a day was spent, and nothing is left.`;
  const until = leftMs > FAR_OFF_MS ? "for more than ten years" : `until ${dateInWords(end)}`;
  return `At ${daily} a day it lasts ${until}.`;
}
