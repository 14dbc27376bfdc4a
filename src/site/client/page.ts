/** The form on the page: asks for the balance and shows it as a phone would. The credential stays in this memory. */
import { chartOf, type History } from "./chart.ts";
import {
  type Answer,
  ageInWords,
  errorInWords,
  money,
  stalenessInWords,
  statusInWords,
} from "./words.ts";

const form = element("try", HTMLFormElement);
const credential = element("credential", HTMLInputElement);
const refresh = element("refresh", HTMLButtonElement);
const result = element("result", HTMLElement);
const chart = element("chart", HTMLElement);

/** Ends what was asked before: its answer would be to another credential. */
let asking = new AbortController();

/** The last answer, to be asked whether it has changed. */
let last: { readonly etag: string; readonly answer: Answer; readonly credential: string } | null =
  null;

function element<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`#${id} is missing`);
  return found;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void ask(event.submitter === refresh);
});

async function ask(anew: boolean): Promise<void> {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  const value = credential.value.trim();
  if (value === "") return say("Paste a credential first.", "bad");
  const known = last?.credential === value ? last : null;
  const headers = new Headers({ authorization: `Bearer ${value}` });
  if (anew) headers.set("cache-control", "no-cache");
  if (known !== null) headers.set("if-none-match", known.etag);
  result.setAttribute("aria-busy", "true");
  try {
    const response = await fetch("/v1/balance", { headers, cache: "no-store", signal });
    if (response.status === 304 && known !== null) {
      show(known.answer, asOfOf(response));
    } else if (response.ok) {
      const answer = (await response.json()) as Answer;
      last = { etag: response.headers.get("etag") ?? "", answer, credential: value };
      show(answer, Date.parse(answer.as_of));
      if (answer.available !== undefined) await showHistory(value, signal);
    } else {
      const { code = "", detail } = (await response.json()) as { code?: string; detail?: string };
      say(errorInWords(code, detail, response.headers.get("retry-after")), "bad");
    }
  } catch {
    if (signal.aborted) return;
    say("There is no connection to the service. Try again in a moment.", "bad");
  }
  result.removeAttribute("aria-busy");
}

/** Beside the balance: without it, that is still there. */
async function showHistory(value: string, signal: AbortSignal): Promise<void> {
  const headers = { authorization: `Bearer ${value}` };
  const options = { headers, cache: "no-store", signal } as const;
  try {
    const response = await fetch("/v1/balance/history?days=30", options);
    if (response.ok) chart.replaceChildren(chartOf((await response.json()) as History));
    else chart.replaceChildren();
  } catch {
    if (!signal.aborted) chart.replaceChildren();
  }
}

/** A 304 has no body: `Date` minus `Age` is when the balance was had from Zoo. */
function asOfOf({ headers }: Response): number {
  return Date.parse(headers.get("date") ?? "") - Number(headers.get("age")) * 1_000;
}

function say(text: string, kind: "bad" | "plain" = "plain"): void {
  result.replaceChildren(make("p", text, kind));
  chart.replaceChildren();
}

function show(answer: Answer, asOf: number): void {
  if (answer.available === undefined) chart.replaceChildren();
  const parts: HTMLElement[] = [];
  if (answer.available !== undefined) parts.push(make("p", money(answer.available), "amount"));
  parts.push(make("p", statusInWords(answer.status), `status ${answer.status}`));
  const { monthly, plan, total_due } = answer;
  if (monthly?.allowance != null) parts.push(bar(monthly.remaining, monthly.allowance));
  if (plan != null) parts.push(make("p", `Plan: ${plan.title}`));
  if (total_due != null) parts.push(make("p", `Due: ${money(total_due)}`));
  parts.push(
    make(
      "p",
      `${stalenessInWords(answer.stale_reason)}${ageInWords(Date.now() - asOf)}`,
      answer.stale ? "stale" : "age",
    ),
  );
  result.replaceChildren(...parts);
}

function bar(remaining: string, allowance: string): HTMLElement {
  const label = document.createElement("label");
  const meter = document.createElement("meter");
  meter.min = 0;
  // For the length of a bar a double is exact enough.
  meter.max = Math.max(Number(allowance), 0.01);
  meter.value = Number(remaining);
  label.append(`This month: ${money(remaining)} of ${money(allowance)} left`, meter);
  return label;
}

function make(tag: "p", text: string, className = ""): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}
