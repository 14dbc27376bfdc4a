/** What an event says to a person. */

export interface AlertEvent {
  readonly type: string;
  readonly timestamp: string;
  readonly data: {
    readonly account: string;
    readonly threshold?: string | null;
    readonly available?: string | null;
    readonly days?: string;
    readonly amount?: string;
  };
}

export interface Push {
  readonly account: string;
  readonly title: string;
  readonly body: string;
  readonly isUrgent: boolean;
  /** The same for every repetition of an event, so that a phone shows it once. At most 64 bytes (APNs). */
  readonly collapseId: string;
  /** Seconds since 1970: after a day nobody needs it. */
  readonly expires: number;
}

const CALM = ["balance.recovered", "balance.topped_up", "account.unblocked"];
const DAY_SECONDS = 86_400;

/** @returns null for what is nobody's business but the operator's, and for types that are new */
export function pushOf({ type, timestamp, data }: AlertEvent, webhookId: string): Push | null {
  const body = bodyOf(type, data);
  if (body === null) return null;
  return {
    account: data.account,
    title: "Zoo balance",
    body,
    isUrgent: !CALM.includes(type),
    collapseId: webhookId.slice(0, 64),
    expires: Math.floor(Date.parse(timestamp) / 1_000) + DAY_SECONDS,
  };
}

function bodyOf(
  type: string,
  { threshold, available, days, amount }: AlertEvent["data"],
): string | null {
  switch (type) {
    case "balance.low":
      return `Less than $${threshold} left`;
    case "balance.exhausted":
      return "Nothing is left";
    case "balance.runs_out":
      return `At this rate it lasts less than ${days} days`;
    case "balance.recovered":
      return `$${available} available again`;
    case "balance.topped_up":
      return `$${amount} added, $${available} available`;
    case "account.blocked":
      return "Zoo has blocked the account";
    case "account.unblocked":
      return "Zoo has unblocked the account";
    default:
      return null;
  }
}
