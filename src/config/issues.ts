/** A broken rule of the configuration in words. Names only: a value may be a secret. */
import type * as z from "zod/mini";

/** Words for the issues whose schema brings no message of its own. */
export function wordsFor(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return `must be given as ${issue.expected}`;
    case "invalid_value":
      return `must be ${issue.values.join(" or ")}`;
    case "unrecognized_keys":
      return `has an unknown key: ${issue.keys.join(", ")}`;
    default:
      return undefined;
  }
}
