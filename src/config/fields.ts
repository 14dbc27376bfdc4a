/** Field types that several variables share. Each message completes the sentence "NAME: …". */
import { matching, textThat } from "../lib/schema.ts";
import { isSafeUrl } from "../lib/url.ts";

export const safeUrl = textThat(
  isSafeUrl,
  "must be an https URL (http only to loopback), without user name, fragment or space",
);

export const someText = matching(/./, "must not be empty");

/** An account's name becomes part of storage keys and log lines. */
export const accountName = matching(
  /^[A-Za-z0-9_.-]{1,64}$/,
  "must be 1 to 64 letters, digits, dots, dashes, _",
);

export const secretName = matching(
  /^[A-Z][A-Z0-9_]{0,63}$/,
  "must be the NAME_OF_A_SECRET, not the secret",
);
