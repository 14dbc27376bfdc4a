/** Hedged requests (Dean and Barroso, "The Tail at Scale"): a slow source is joined by a second one. */
import { withDeadline } from "./deadline.ts";

/**
 * The first usable answer counts. Neither source may reject.
 *
 * @param first already asked; `null` when it has no usable answer
 * @param second asked only when the first has not answered by then
 * @param afterMs milliseconds until the second is asked; 0 turns hedging off
 * @returns `null` when neither has a usable answer
 */
export async function hedge<T extends object>(
  first: Promise<T | null>,
  second: () => Promise<T | null>,
  afterMs: number,
): Promise<T | null> {
  if (afterMs === 0) return first;
  try {
    return await withDeadline(first, afterMs);
  } catch {
    return firstUsable(first, second());
  }
}

async function firstUsable<T>(a: Promise<T | null>, b: Promise<T | null>): Promise<T | null> {
  const usable = async (source: Promise<T | null>): Promise<T> => {
    const answer = await source;
    if (answer === null) throw new Error("no usable answer");
    return answer;
  };
  return Promise.any([usable(a), usable(b)]).catch(() => null);
}
