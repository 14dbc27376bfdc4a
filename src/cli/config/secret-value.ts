/** What is wrong with a secret's value as somebody has pasted it. Says nothing of the value itself. */
export interface Flaw {
  readonly problem: string;
  readonly remedy: string;
}

export function flawOf(value: string): Flaw | null {
  if (value === "") return { problem: "its value is empty", remedy: "Copy the token again." };
  if (/^["'`].*["'`]$/s.test(value.trim())) {
    return { problem: "its value is in quotes, which become part of it", remedy: "Take them off." };
  }
  if (!/\s/.test(value)) return null;
  return {
    problem: "its value has white space in it",
    remedy: "Copy the token again, in one line, and nothing beside it.",
  };
}
