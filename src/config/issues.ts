/** A broken rule of the configuration in words. Names only: a value may be a secret. */
import type * as z from "zod/mini";

type Issue = z.core.$ZodIssue;

/** The variable and the rule that it breaks. */
export function describe(issue: Issue): string {
  return `${issue.path.join(".")}: ${ruleOf(issue)}`;
}

function ruleOf(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.message.startsWith("must")
        ? issue.message
        : `must be given as ${issue.expected}`;
    case "invalid_value":
      return `must be ${issue.values.join(" or ")}`;
    case "unrecognized_keys":
      return `has an unknown key: ${issue.keys.join(", ")}`;
    default:
      return issue.message;
  }
}
