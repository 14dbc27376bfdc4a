/** Field types that several variables share. Each message completes the sentence "NAME: …". */
import * as z from "zod/mini";
import { compareMoney, isMoney, type Money, ZERO } from "../lib/money.ts";
import { matching, textThat } from "../lib/schema.ts";
import { isSafeUrl } from "../lib/url.ts";

export const safeUrl = textThat(
  isSafeUrl,
  "must be an https URL (http only to loopback), without user name, fragment or space",
);

/** A list or a number is called what it is, not empty. */
export const someText = z
  .string({ error: ({ input }) => (input === undefined ? "must not be empty" : "must be text") })
  .check(z.refine((text) => /./.test(text), "must not be empty"));

/** An account's name becomes part of storage keys and log lines. */
export const accountName = matching(
  /^[A-Za-z0-9_.-]{1,64}$/,
  "must be 1 to 64 letters, digits, dots, dashes, _",
);

export const secretName = matching(
  /^[A-Z][A-Z0-9_]{0,63}$/,
  "must be the NAME_OF_A_SECRET, not the secret",
);

export const nonNegativeAmount = z.custom<Money>(
  (value) => isMoney(value) && compareMoney(value, ZERO) >= 0,
  "must be an amount, 0.00 or more",
);

/** As a browser writes it (RFC 6454, section 6.2): no path, no trailing slash, no wildcard. */
export const origin = textThat(
  (text) =>
    /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@*,A-Z]+$/.test(text) &&
    (!/^https?:/.test(text) || (isSafeUrl(text) && URL.parse(text)?.origin === text)),
  "must be an origin such as https://localhost, and nothing after it",
);
