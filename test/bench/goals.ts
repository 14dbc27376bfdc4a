/** What the benchmark holds the proxy to: ratios and counts, which mean the same on every machine. */

export interface Goal {
  readonly goal: string;
  readonly value: number;
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** What a case has measured, for the table of goals and for the JSON. */
export interface Report {
  readonly goals: readonly Goal[];
  readonly figures: unknown;
}

export function isReached({ value, atMost = Infinity, atLeast = -Infinity }: Goal): boolean {
  // Not a number is not reached.
  return value <= atMost && value >= atLeast;
}

export function printGoals(goals: readonly Goal[]): void {
  console.table(
    goals.map((goal) => ({
      goal: goal.goal,
      measured: Number(goal.value.toFixed(2)),
      limit: goal.atMost === undefined ? `≥ ${goal.atLeast}` : `≤ ${goal.atMost}`,
      "": isReached(goal) ? "ok" : "MISSED",
    })),
  );
}
