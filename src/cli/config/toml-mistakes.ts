/** Why a text is no TOML, in words of our own: the parser's may quote the text, which may hold a secret. */

interface Mistake {
  readonly problem: string;
  readonly remedy: string;
}

const MISTAKES: readonly (readonly [said: RegExp, mistake: Mistake])[] = [
  [
    /unfinished string|control characters/,
    {
      problem: "a text has no closing quote",
      remedy: 'A text stands between two quotes, in one line: "…".',
    },
  ],
  [
    /expected comma|unfinished (table|array)/,
    {
      problem: "a comma or a closing bracket is missing",
      remedy: "Between the members of { } and [ ] there is a comma, and behind them the bracket.",
    },
  ],
  [
    /value|numeric|leading zero|underscore|date|integer/,
    {
      problem: "the value is neither a text, a number, true nor false",
      remedy: "A text needs quotes; a number has digits alone; true and false are written small.",
    },
  ],
];

const UNKNOWN: Mistake = {
  problem: "is no TOML from here on",
  remedy: "A quote, bracket or comma is missing in this line or just above it.",
};

/**
 * @param said the parser's own sentence
 * @param earlier the line that has the same key or table already; null where there is none
 */
export function mistakeOf(said: string, earlier: number | null): Mistake {
  if (/redefine/.test(said)) {
    return {
      problem: `stands there twice${earlier === null ? "" : `: line ${earlier} has it already`}`,
      remedy: "Take one of the two out, and see that the right value stays.",
    };
  }
  return MISTAKES.find(([pattern]) => pattern.test(said))?.[1] ?? UNKNOWN;
}
