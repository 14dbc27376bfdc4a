/** The balance as a card: the amount, its parts, what is wrong with it, and how old it is. */
import {
  type Answer,
  ageInWords,
  blockInWords,
  centsOf,
  dateInWords,
  dollars,
  exact,
  stalenessInWords,
  statusInWords,
} from "./words.ts";

const AGE_MS = 1_000;
let ticking: ReturnType<typeof setInterval> | undefined;

/** Shows the card in `place`. `trouble`: why a newer value could not be had. */
export function showCard(place: HTMLElement, answer: Answer, asOf: number, trouble = ""): void {
  const parts = trouble === "" ? [] : [paragraph(trouble, "bad")];
  if (answer.available !== undefined) parts.push(...amounts(answer, answer.available));
  else parts.push(...standing(answer));
  const age = paragraph("", answer.stale || trouble !== "" ? "stale" : "age");
  // The card is a live region: without this, screen readers would announce every second.
  age.setAttribute("aria-live", "off");
  const tell = () => {
    age.textContent = `${stalenessInWords(answer.stale_reason)}${ageInWords(Date.now() - asOf)}`;
  };
  tell();
  clearCard(place);
  place.replaceChildren(...parts, age);
  ticking = setInterval(tell, AGE_MS);
}

export function clearCard(place: HTMLElement): void {
  clearInterval(ticking);
  place.replaceChildren();
}

function standing({ status, blocked }: Answer): HTMLElement[] {
  const words = paragraph(statusInWords(status), `status ${status}`);
  return blocked == null ? [words] : [words, paragraph(blockInWords(blocked), "bad")];
}

function amounts(answer: Answer, available: string): HTMLElement[] {
  const { monthly, prepaid, plan, total_due } = answer;
  const parts = [paragraph(dollars(centsOf(available)), "amount"), ...standing(answer)];
  const exactly = [`Available: ${exact(available)}`];
  if (monthly !== undefined && prepaid !== undefined) {
    // What is left after the other part, so that the two add up to the amount above them.
    const ofMonth = centsOf(available) - centsOf(prepaid.remaining);
    parts.push(...monthOf(monthly, ofMonth));
    parts.push(paragraph(`Prepaid: ${dollars(centsOf(prepaid.remaining))} left`));
    if (prepaid.cash != null) {
      parts.push(paragraph(`Of it refundable: ${dollars(centsOf(prepaid.cash))}`));
    }
    exactly.push(`this month: ${exact(monthly.remaining)}`, `prepaid: ${exact(prepaid.remaining)}`);
  }
  if (plan != null) parts.push(paragraph(`Plan: ${plan.title}`));
  if (total_due != null) parts.push(paragraph(`Due: ${dollars(centsOf(total_due))}`));
  const summary = document.createElement("summary");
  summary.textContent = "Exact amounts";
  const details = document.createElement("details");
  details.append(summary, paragraph(`${exactly.join(", ")}.`));
  return [...parts, details];
}

function monthOf(month: NonNullable<Answer["monthly"]>, cents: number): HTMLElement[] {
  const { allowance, refreshes_at } = month;
  const parts =
    allowance === null
      ? [paragraph(`This month: ${dollars(cents)} left`)]
      : [gauge(`This month: ${dollars(cents)} of ${dollars(centsOf(allowance))} left`, month)];
  if (refreshes_at !== null) {
    const due = Date.parse(refreshes_at) <= Date.now();
    const when = due ? "now due" : dateInWords(refreshes_at);
    parts.push(paragraph(`Next monthly credits: ${when}`));
  }
  return parts;
}

function gauge(text: string, month: NonNullable<Answer["monthly"]>): HTMLElement {
  const label = document.createElement("label");
  const meter = document.createElement("meter");
  meter.min = 0;
  // For the length of a bar a double is exact enough.
  meter.max = Math.max(Number(month.allowance), 0.01);
  meter.value = Number(month.remaining);
  label.append(text, meter);
  return label;
}

export function paragraph(text: string, className = ""): HTMLElement {
  const made = document.createElement("p");
  made.textContent = text;
  made.className = className;
  return made;
}
