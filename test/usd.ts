/** An amount that a test writes as text. */
import { isMoney, type Money } from "../src/lib/money.ts";

export function usd(text: string): Money {
  if (!isMoney(text)) throw new TypeError(`${text} is not canonical money`);
  return text;
}
