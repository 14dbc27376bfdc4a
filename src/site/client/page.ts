/** The form on the page: asks for the balance and shows it as a phone would. The credential stays in this memory. */
import { clearCard, paragraph, showCard } from "./card.ts";
import { chartOf, type History } from "./chart.ts";
import { type Answer, errorInWords } from "./words.ts";

const form = element("try", HTMLFormElement);
const credential = element("credential", HTMLInputElement);
const refresh = element("refresh", HTMLButtonElement);
const result = element("result", HTMLElement);
const chart = element("chart", HTMLElement);

/** Ends what was asked before: its answer would be to another credential. */
let asking = new AbortController();

interface Known {
  readonly etag: string;
  readonly answer: Answer;
  readonly asOf: number;
  readonly credential: string;
}

/** The last answer: to be asked whether it has changed, and shown when no newer one can be had. */
let last: Known | null = null;

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
  if (value === "") return say("Paste a credential first.");
  if (last?.credential !== value) last = null;
  // A browser adds `no-cache` where there is no Cache-Control, which would force a refresh.
  const cacheControl = anew ? "no-cache" : "no-transform";
  const headers = new Headers({
    authorization: `Bearer ${value}`,
    "cache-control": cacheControl,
  });
  if (last !== null) headers.set("if-none-match", last.etag);
  result.setAttribute("aria-busy", "true");
  try {
    const response = await fetch("/v1/balance", { headers, cache: "no-store", signal });
    const isJson = (response.headers.get("content-type") ?? "").includes("json");
    if ((response.ok && isJson) || (response.status === 304 && last !== null)) {
      last = await knownFrom(response, value, last);
      showCard(result, last.answer, last.asOf);
      if (last.answer.available !== undefined) await showHistory(value, signal);
    } else {
      await refused(response);
    }
  } catch {
    if (signal.aborted) return;
    fallBack("There is no connection to the service. Try again in a moment.");
  }
  result.removeAttribute("aria-busy");
}

/** Of an answer, or of a 304 to the one that is known: `Date` minus `Age` is its new time. */
async function knownFrom(response: Response, value: string, known: Known | null): Promise<Known> {
  if (response.status === 304 && known !== null) return { ...known, asOf: asOfOf(response) };
  const answer = (await response.json()) as Answer;
  const etag = response.headers.get("etag") ?? "";
  return { etag, answer, asOf: Date.parse(answer.as_of), credential: value };
}

async function refused(response: Response): Promise<void> {
  if (!(response.headers.get("content-type") ?? "").includes("json")) {
    return fallBack(
      `Something between this page and the service answered instead of it (status ${response.status}). A network's sign-in page does that.`,
    );
  }
  const { code = "", detail } = (await response.json()) as { code?: string; detail?: string };
  const words = errorInWords(code, detail, response.headers.get("retry-after"));
  if (response.status !== 401 && response.status !== 403) return fallBack(words);
  // Whoever may not see the balance now must not see the last one either.
  last = null;
  say(words);
}

/** The last balance with its age, if there is one, below what went wrong. */
function fallBack(trouble: string): void {
  if (last === null) say(trouble);
  else showCard(result, last.answer, last.asOf, trouble);
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

function say(text: string): void {
  clearCard(result);
  result.append(paragraph(text, "bad"));
  chart.replaceChildren();
}
