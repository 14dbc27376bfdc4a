/** What is wrong with a secret's value as somebody has pasted it. Says nothing of the value itself. */
import { STRUCTURED } from "./secrets.ts";

export interface Flaw {
  readonly problem: string;
  readonly remedy: string;
}

export function flawOf(name: string, value: string): Flaw | null {
  if (value === "") return { problem: "its value is empty", remedy: "Copy the token again." };
  if (name !== "" && value.trimStart().startsWith(`${name}=`)) {
    return {
      problem: "its value begins with its own name and =, which become part of it",
      remedy: "Give what stands behind the = alone.",
    };
  }
  if (/^["'`].*["'`]$/s.test(value.trim())) {
    return { problem: "its value is in quotes, which become part of it", remedy: "Take them off." };
  }
  // A list or an object in JSON may have some.
  if (STRUCTURED.has(name) || !/\s/.test(value)) return null;
  return {
    problem: "its value has white space in it",
    remedy: "Copy the token again, in one line, and nothing beside it.",
  };
}
