/** The form on the page: asks for the balance and shows it as a phone would. The credential stays in this memory. */
import { chartOf, type History } from "./chart.ts";
import {
  ageInWords,
  type Answer,
  errorInWords,
  money,
  statusInWords,
  stalenessInWords,
} from "./words.ts";

const form = element("try", HTMLFormElement);
const credential = element("credential", HTMLInputElement);
const refresh = element("refresh", HTMLButtonElement);
const result = element("result", HTMLElement);
const chart = element("chart", HTMLElement);

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
  const value = credential.value.trim();
  if (value === "") return say("Paste a credential first.", "bad");
  const headers = new Headers({ authorization: `Bearer ${value}` });
  if (anew) headers.set("cache-control", "no-cache");
  if (last?.credential === value) headers.set("if-none-match", last.etag);
  result.setAttribute("aria-busy", "true");
  try {
    const response = await fetch("/v1/balance", { headers, cache: "no-store" });
    if (response.status === 304 && last !== null) {
      show(last.answer, asOfOf(response));
    } else if (response.ok) {
      const answer = (await response.json()) as Answer;
      last = { etag: response.headers.get("etag") ?? "", answer, credential: value };
      show(answer, Date.parse(answer.as_of));
      if (answer.available !== undefined) await showHistory(value);
    } else {
      const problem = (await response.json().catch(() => ({}))) as {
        code?: string;
        detail?: string;
      };
      say(
        errorInWords(problem.code ?? "", problem.detail, response.headers.get("retry-after")),
        "bad",
      );
    }
  } catch {
    say("There is no connection to the service. Try again in a moment.", "bad");
  } finally {
    result.removeAttribute("aria-busy");
  }
}

/** Beside the balance: without it, that is still there. */
async function showHistory(value: string): Promise<void> {
  const headers = { authorization: `Bearer ${value}` };
  const response = await fetch("/v1/balance/history?days=30", { headers, cache: "no-store" });
  if (response.ok) chart.replaceChildren(chartOf((await response.json()) as History));
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
