/** Misspelt keys within a variable: an issuer's, an account's, a receiver's. */
import { nearest } from "./remedies.ts";

/** A test holds them against the Worker's own schemas, which do not travel with their words. */
export const ENTRY_KEYS: Readonly<Record<string, readonly string[]>> = {
  JWT_ISSUERS: [
    "issuer",
    "audience",
    "audience_claim",
    "jwks_url",
    "algorithms",
    "scope",
    "scope_claims",
    "account",
    "account_claim",
  ],
  APP_CHECK: ["project_number", "app_ids", "mode", "jwks_url"],
  ALERTS: ["url", "secret", "thresholds", "days", "stale_minutes"],
  ACCOUNTS: ["token", "subject", "location"],
};

/** A problem as the Worker says it, `NAME.path: what is wrong`. */
export function splitProblem(said: string): { readonly name: string; readonly problem: string } {
  const [, name = "", problem = said] = /^([^:]*): (.*)$/s.exec(said) ?? [];
  return { name, problem };
}

/** The keys that are meant, where a problem is that of misspelt ones. */
function meantBy(said: string): string[] {
  const { name, problem } = splitProblem(said);
  const [, keys] = /^has an unknown key: (.*)$/s.exec(problem) ?? [];
  const known = ENTRY_KEYS[name.split(".")[0] ?? ""] ?? [];
  return (keys?.split(", ") ?? []).flatMap((key) => nearest(key, known) ?? []);
}

/** @returns null where the problem is another one, or no key is near */
export function misspeltKeyRemedy(said: string): string | null {
  const meant = meantBy(said);
  return meant.length === 0 ? null : `Did you mean ${meant.join(", ")}?`;
}

/** Whoever misspelt a key need not be told that the right one is missing. */
export function withoutEchoes(problems: readonly string[]): string[] {
  const echoes = new Set(
    problems.flatMap((said) => meantBy(said).map((key) => `${splitProblem(said).name}.${key}`)),
  );
  return problems.filter((said) => !echoes.has(splitProblem(said).name));
}
