/** The balance as a card: the amount, the parts that add up to it, what is wrong with it, and how old it is. */
import {
  type Answer,
  ageInWords,
  blockInWords,
  centsOf,
  dateInWords,
  dollars,
  exact,
  inDollars,
  stalenessInWords,
  statusInWords,
} from "./words.ts";

const TICK_MS = 1_000;
let ticking: ReturnType<typeof setInterval> | undefined;

/** Shows the card in `place`. `asOf`: by this device's clock. `trouble`: why a newer value could not be had. */
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
  ticking = setInterval(tell, TICK_MS);
}

export function clearCard(place: HTMLElement): void {
  clearInterval(ticking);
  place.replaceChildren();
}

function standing(answer: Answer): HTMLElement[] {
  const { status, blocked } = answer;
  const words = paragraph(statusInWords(answer), status);
  return blocked == null ? [words] : [words, paragraph(blockInWords(blocked), "bad")];
}

function amounts(answer: Answer, available: string): HTMLElement[] {
  const { monthly, prepaid, plan, total_due, pay_as_you_go } = answer;
  const rows: HTMLElement[] = [];
  const exactly = [`Available: ${exact(available)}`];
  if (monthly !== undefined && prepaid !== undefined) {
    // What is left after the other part, so that the two add up to the amount above them.
    const ofMonth = centsOf(available) - centsOf(prepaid.remaining);
    rows.push(row("This month", dollars(ofMonth), ...monthOf(monthly)));
    const cash = prepaid.cash == null ? [] : [`${inDollars(prepaid.cash)} of it refundable`];
    rows.push(row("Prepaid", inDollars(prepaid.remaining), ...cash));
    exactly.push(`this month: ${exact(monthly.remaining)}`, `prepaid: ${exact(prepaid.remaining)}`);
  }
  rows.push(row("Available", inDollars(available)));
  rows.at(-1)?.classList.add("sum");
  if (total_due != null) rows.push(row("Due to Zoo", inDollars(total_due)));
  if (plan != null) rows.push(row("Plan", plan.title));
  if (pay_as_you_go != null) {
    rows.push(row("When used up", pay_as_you_go ? "Pay as you go" : "Calls stop"));
  }
  const list = document.createElement("dl");
  list.append(...rows);
  const summary = document.createElement("summary");
  summary.textContent = "Exact amounts";
  const details = document.createElement("details");
  details.append(summary, paragraph(`${exactly.join(", ")}.`));
  return [paragraph(inDollars(available), "amount"), ...standing(answer), list, details];
}

/** A name and its value on one line, and what there is to say of it below. */
function row(name: string, value: string, ...more: readonly (string | HTMLElement)[]): HTMLElement {
  const term = document.createElement("dt");
  term.textContent = name;
  const made = document.createElement("div");
  made.append(term, detail(value));
  for (const one of more) made.append(detail(one, "more"));
  return made;
}

function detail(content: string | HTMLElement, className = ""): HTMLElement {
  const made = document.createElement("dd");
  made.append(content);
  made.className = className;
  return made;
}

function monthOf(month: NonNullable<Answer["monthly"]>): (string | HTMLElement)[] {
  const { allowance, refreshes_at } = month;
  const parts: (string | HTMLElement)[] = [];
  if (allowance !== null) parts.push(gauge(month, allowance));
  if (refreshes_at !== null) {
    const at = Date.parse(refreshes_at);
    parts.push(`Next credits: ${at <= Date.now() ? "now due" : dateInWords(at)}`);
  }
  return parts;
}

function gauge({ remaining }: NonNullable<Answer["monthly"]>, allowance: string): HTMLElement {
  const label = document.createElement("label");
  const meter = document.createElement("meter");
  meter.min = 0;
  // For the length of a bar a double is exact enough.
  meter.max = Math.max(Number(allowance), 0.01);
  meter.value = Number(remaining);
  label.append(meter, `of ${inDollars(allowance)} a month`);
  return label;
}

export function paragraph(text: string, className = ""): HTMLElement {
  const made = document.createElement("p");
  made.textContent = text;
  made.className = className;
  return made;
}
