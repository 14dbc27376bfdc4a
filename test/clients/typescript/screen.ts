/** What the README shows of a screen. */
import type { Balance, Reading } from "../../../src/clients/typescript/client.ts";

export function linesOf({ value, asOf, problem }: Reading<Balance>): string[] {
  if (value === null && problem === null) return ["Loading"]; // Nothing is stored yet
  const lines: string[] = [];
  if (value !== null) {
    const { available, currency } = value;
    lines.push(new Intl.NumberFormat("en", { style: "currency", currency }).format(available));
  }
  if (asOf !== null) {
    const minutes = Math.floor((Date.now() - asOf.getTime()) / 60_000); // Call it again each minute
    lines.push(new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(-minutes, "minute"));
  }
  // Both may be there: one is about the way to the proxy, the other about Zoo.
  if (problem !== null) lines.push(problem.code === "offline" ? "No connection" : "Not updated");
  if (value?.stale) lines.push("This balance may be out of date");
  return lines;
}
