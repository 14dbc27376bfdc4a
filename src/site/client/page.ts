/** The form on the page: asks for the balance and shows it as a phone would. The credential stays in this memory. */
import { clearCard, paragraph, showCard } from "./card.ts";
import { clearChart, type History, showChart } from "./chart.ts";
import { type Answer, errorInWords, type Problem } from "./words.ts";

const BALANCE = "/v1/balance";
const STATUS = "/v1/balance/status";
const HISTORY = "/v1/balance/history?days=30";

const form = element("try", HTMLFormElement);
const credential = element("credential", HTMLInputElement);
const refresh = element("refresh", HTMLButtonElement);
const result = element("result", HTMLElement);
const chart = element("chart", HTMLElement);

/** Ends what was asked before: its answer would be to another credential. */
let asking = new AbortController();

interface Known {
  readonly path: string;
  readonly etag: string;
  readonly answer: Answer;
  /** By this device's clock, which may be wrong: only the age is shown. */
  readonly asOf: number;
  readonly authorization: string;
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
  void show(event.submitter === refresh);
});

async function show(anew: boolean): Promise<void> {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  const value = credential.value.trim();
  const authorization = `Bearer ${value}`;
  if (last?.authorization !== authorization) forget();
  if (value === "") return say("Paste a credential first.");
  // A browser adds `no-cache` where there is no Cache-Control, which would force a refresh.
  const headers = {
    authorization,
    "cache-control": anew ? "no-cache" : "no-transform",
  };
  result.setAttribute("aria-busy", "true");
  try {
    await ask(last?.path ?? BALANCE, headers, signal);
  } catch {
    if (signal.aborted) return;
    fallBack("There is no connection to the service. Try again in a moment.");
  }
  result.removeAttribute("aria-busy");
}

async function ask(
  path: string,
  headers: { readonly authorization: string },
  signal: AbortSignal,
): Promise<void> {
  const ifNoneMatch = last?.path === path ? { "if-none-match": last.etag } : {};
  const response = await fetch(path, {
    headers: { ...headers, ...ifNoneMatch },
    cache: "no-store",
    signal,
  });
  const asOf = Date.now() - Number(response.headers.get("age")) * 1_000;
  if (response.status === 304 && last !== null) {
    last = { ...last, asOf };
  } else if (response.ok && isJson(response)) {
    const answer = (await response.json()) as Answer;
    const etag = response.headers.get("etag") ?? "";
    last = { path, etag, answer, asOf, authorization: headers.authorization };
  } else {
    const code = await refused(response);
    // Of a credential for the status alone, which is shown instead.
    if (code === "insufficient_scope" && path === BALANCE) await ask(STATUS, headers, signal);
    return;
  }
  showCard(result, last.answer, last.asOf);
  if (path === BALANCE) await showHistory(headers.authorization, signal);
}

const isJson = ({ headers }: Response) => (headers.get("content-type") ?? "").includes("json");

/** @returns the problem's code, if it is the service that answers */
async function refused(response: Response): Promise<string> {
  if (!isJson(response)) {
    fallBack(
      `Something between this page and the service answered instead of it (status ${response.status}). A network's sign-in page does that.`,
    );
    return "";
  }
  const problem = (await response.json()) as Problem;
  const words = errorInWords(problem, response.headers.get("retry-after"), last !== null);
  if (response.status === 401 || response.status === 403) {
    // Whoever may not see the balance now must not see the last one either.
    forget();
    say(words);
  } else {
    fallBack(words);
  }
  return problem.code ?? "";
}

/** The last balance with its age, if there is one, below what went wrong. */
function fallBack(trouble: string): void {
  if (last === null) say(trouble);
  else showCard(result, last.answer, last.asOf, trouble);
}

/** Beside the balance: when it cannot be had, the last one stays. */
async function showHistory(authorization: string, signal: AbortSignal): Promise<void> {
  try {
    const response = await fetch(HISTORY, {
      headers: { authorization },
      cache: "no-store",
      signal,
    });
    if (response.ok && isJson(response)) showChart(chart, (await response.json()) as History);
  } catch {
    // The balance is shown, and says itself whether there is a connection.
  }
}

/** Nothing of one credential's may stay to be seen with another. */
function forget(): void {
  last = null;
  clearCard(result);
  clearChart(chart);
}

function say(text: string): void {
  clearCard(result);
  result.append(paragraph(text, "bad"));
}
