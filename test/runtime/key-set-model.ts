/** Everything that can be wrong between a token and the keys that verify it, and what is then promised. */

/** What the identity provider does. */
export const PROVIDERS = {
  fine: ["known"],
  rotated: ["new"],
  "both keys": ["known", "new"],
  down: null,
  "status 503": null,
  hanging: null,
  garbage: null,
  "an empty set": null,
  "another document": null,
} as const satisfies Record<string, readonly KeyName[] | null>;
export type ProviderState = keyof typeof PROVIDERS;
type KeyName = "known" | "new";

/** Of the stored set, which has the known key alone; `future` is dated 100 years ahead. */
export const AGES = ["none", "fresh", "renewable", "old", "future"] as const;
/** Where it is stored. */
export const PLACES = ["KV and object", "KV alone", "object alone", "object, KV failing"] as const;

/** Whose signature the token has, and whether it says so. */
export const TOKENS = {
  known: { key: "known", kid: "known" },
  "known, without kid": { key: "known", kid: null },
  new: { key: "new", kid: "new" },
  "new, without kid": { key: "new", kid: null },
  "forged under the known kid": { key: "forger", kid: "known" },
  "forged under an invented kid": { key: "forger", kid: "invented" },
} as const;
export type TokenKind = keyof typeof TOKENS;

export interface Cell {
  readonly provider: ProviderState;
  readonly age: (typeof AGES)[number];
  readonly place: (typeof PLACES)[number];
  readonly token: TokenKind;
}

/** `ok`, or how the caller is answered. */
export type Verdict = "ok" | 401 | 503;

type KeySet = readonly KeyName[];

const verdictOf = (set: KeySet | null, { token }: Cell): Verdict => {
  if (set === null) return 503;
  return set.some((name) => name === TOKENS[token].key) ? "ok" : 401;
};

/** Whether the set has the key that the token names; if not, it is asked for once. */
const hasNamedKey = (set: KeySet, { token }: Cell) =>
  set.some((name) => name === TOKENS[token].kid);

/**
 * The two answers that a caller gets on a cold isolate, one after the other: known keys verify while newer ones
 * cannot be had; what is older than an hour is renewed before; what is younger, behind the answer; and a key
 * that the set does not have is asked for once.
 */
export function verdicts(cell: Cell): readonly [Verdict, Verdict] {
  const { provider, age, place } = cell;
  const published: KeySet | null = PROVIDERS[provider];
  const stored: KeySet | null = age === "none" || age === "future" ? null : ["known"];
  // The object answers with what it has renewed: without a copy, that is waited for.
  const isInKv = place === "KV and object" || place === "KV alone";
  const renewedBefore = age !== "fresh" && !(age === "renewable" && isInKv);
  const set = stored === null || renewedBefore ? (published ?? stored) : stored;
  const first = verdictOf(set, cell);
  const asked = set !== null && first === 401 && !hasNamedKey(set, cell);
  const newer = asked ? (published ?? set) : set;
  // By the second answer, the renewal behind the first one has ended.
  const later = age === "renewable" ? (published ?? newer) : newer;
  return [verdictOf(newer, cell), verdictOf(later, cell)];
}
