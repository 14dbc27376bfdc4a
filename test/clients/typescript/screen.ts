/** What the README shows of a screen. */
import type { Balance, Reading } from "../../../src/clients/typescript/client.ts";

// Some of the sentences in "What to write on the screen".
const PROBLEMS: Record<string, string> = { offline: "No connection", signed_out: "Signed out" };
const STATUSES: Record<string, string> = {
  low: "It is running low",
  exhausted: "Nothing is left",
  contract: "On a contract: the balance is not the limit",
  blocked: "Zoo has blocked this account",
};

export function linesOf({ value, asOf, problem }: Reading<Balance>): string[] {
  if (value === null && problem === null) return ["Loading"]; // Nothing is stored yet
  const lines: string[] = [];
  if (value !== null && asOf !== null) {
    const { available, currency, status, stale, stale_reason } = value;
    const minutes = Math.floor((Date.now() - asOf.getTime()) / 60_000); // Call it again each minute
    lines.push(new Intl.NumberFormat("en", { style: "currency", currency }).format(available));
    lines.push(minutes < 1 ? "Just now" : `${minutes} min ago`);
    if (status !== "ok") lines.push(STATUSES[status] ?? status);
    if (stale) {
      const isUpdating = stale_reason === "revalidating";
      lines.push(isUpdating ? "Updating" : "This balance may be out of date");
    }
  }
  // Both may be there: this is about the way to the proxy, `stale` about Zoo.
  if (problem !== null) lines.push(PROBLEMS[problem.code] ?? "Not updated");
  return lines;
}
