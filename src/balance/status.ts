/** How an account stands, in one word: for the view, and for the alerts, which judge by the same rules. */
import { compareMoney, type Money, moneyOf } from "../lib/money.ts";
import type { Access, Balance } from "./record.ts";

export const STATUSES = ["ok", "low", "exhausted", "contract", "blocked"] as const;
export type Status = (typeof STATUSES)[number];

/** Less than half a cent either way is the residue of another's double arithmetic. */
const RESIDUE = moneyOf(5n, 3);

/** Whether nothing is available: nothing, less than nothing, or a residue. */
export const isNothing = (available: Money) => compareMoney(available, RESIDUE) < 0;

/**
 * @param access null when Zoo's word on it is not known
 * @param lowBelow USD, canonical: LOW_BALANCE_USD
 */
export function statusOf(
  { available, plan }: Balance,
  access: Access | null,
  lowBelow: Money,
): Status {
  if (access !== null && access.blocked !== null) return "blocked";
  // The balance is not what limits a contract account that has nothing available.
  if (isNothing(available)) return plan?.pricing === "contract" ? "contract" : "exhausted";
  return compareMoney(available, lowBelow) < 0 ? "low" : "ok";
}
