/** Sixty days of a lively account, up to the balance that the stand-in answers: what the demo's history begins with. */
import { type Money, moneyOf } from "../../src/lib/money.ts";

export interface PastBalance {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly monthly: Money;
  readonly prepaid: Money;
  readonly total_due: Money;
}

const HOUR_MS = 3_600_000;
const DAYS = 60;
/** Of a day, in hours of UTC: when people work. */
const WORK = [8, 10, 11, 13, 15, 16];

/** In ten-thousandths of a dollar, as Zoo counts. */
const MONTHLY = 200_000;
const TOP_UP = 250_000;
/** What the stand-in answers when all is well: 12.4583 and 24.90. */
const MONTHLY_NOW = 124_583;
const PREPAID_NOW = 249_000;
const TOTAL_DUE = usd(42_000);

/** The most that prepaid holds: a top-up comes before it falls below FULL - TOP_UP. */
const FULL = 340_000;

/** How long ago the month's credits came: they come again in {@link NEXT_CREDITS_DAYS}. */
const CREDITS_HOURS = 3 * 24;
const CREDITS_EVERY_HOURS = 30 * 24;
export const NEXT_CREDITS_DAYS = (CREDITS_EVERY_HOURS - CREDITS_HOURS) / 24;

/** Oldest first; the last is an hour old, and what is answered now. */
export function livelyPast(now: number): PastBalance[] {
  const hours = Array.from({ length: DAYS * 24 }, (_, n) => DAYS * 24 - n);
  const isSinceCredits = (hoursAgo: number) => hoursAgo <= CREDITS_HOURS;
  const spentSince = hours
    .filter(isSinceCredits)
    .reduce((sum, hoursAgo) => sum + spentIn(now, hoursAgo), 0);
  // Since the month's credits came, what is missing of them has been spent, no more and no less.
  const share = (MONTHLY - MONTHLY_NOW) / spentSince;
  let monthly = MONTHLY;
  const steps = hours.map((hoursAgo) => {
    if ((hoursAgo - CREDITS_HOURS) % CREDITS_EVERY_HOURS === 0) monthly = MONTHLY;
    const spent = spentIn(now, hoursAgo) * (isSinceCredits(hoursAgo) ? share : 1);
    const ofMonth = Math.min(monthly, spent);
    monthly -= ofMonth;
    return { at: now - hoursAgo * HOUR_MS, monthly, ofPrepaid: spent - ofMonth };
  });
  // From what prepaid is now back to what it was.
  let prepaid = PREPAID_NOW;
  const levels = steps.toReversed().map(({ at, monthly, ofPrepaid }) => {
    const level = { at, monthly: usd(monthly), prepaid: usd(prepaid), total_due: TOTAL_DUE };
    prepaid += ofPrepaid;
    if (prepaid > FULL) prepaid -= TOP_UP;
    return level;
  });
  return levels.toReversed();
}

/** Much on some weekdays, little at weekends, nothing at night; any three days have some, so what is shared out is never nothing. */
function spentIn(now: number, hoursAgo: number): number {
  const at = new Date(now - hoursAgo * HOUR_MS);
  if (!WORK.includes(at.getUTCHours())) return 0;
  const isWeekend = at.getUTCDay() % 6 === 0;
  const wave = 1 + 0.6 * Math.sin(at.getUTCDate() * 1.7 + at.getUTCHours());
  return (isWeekend ? 600 : 4_200) * wave;
}

function usd(tenThousandths: number): Money {
  return moneyOf(BigInt(Math.round(tenThousandths)), 4);
}
