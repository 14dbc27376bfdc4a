/** The people of a run: they ask as the scenario says, and note what they get. The same in both worlds. */
import { BOUGHT, type Edge } from "./edge.ts";
import type { Scenario, Visit } from "./scenarios.ts";

export interface Answer {
  /** Milliseconds from the start to the request, and from the request to the whole answer. */
  readonly at: number;
  readonly ms: number;
  readonly status: number;
  /** Of the balance, seconds; null without one. */
  readonly age: number | null;
  /** Whether the answer had to wait for Zoo: never, since the value was old, or since it was asked to. */
  readonly waited: "no" | "unasked" | "asked";
  readonly shown: "before" | "after";
}

/** Of ten persons one comes with an API key. */
export const isApiKeyPerson = (person: number) => person % 10 === 0;

export interface Ask {
  readonly city: number;
  readonly isolate: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Visitors {
  readonly scenario: Scenario;
  readonly edge: Edge;
  /** Epoch milliseconds. */
  readonly start: number;
  /** The credential of a person, for the Authorization header. */
  readonly credential: (person: number) => Promise<string> | string;
  readonly ask: (request: Ask) => Promise<Response>;
}

export async function playVisits(on: Visitors): Promise<Answer[]> {
  const answers: Answer[] = [];
  const playing = new Set<Promise<void>>();
  for (const visit of on.scenario.visits) {
    await until(on.start + (visit.at[0] ?? 0));
    const visiting = playVisit(visit, on, answers).finally(() => playing.delete(visiting));
    playing.add(visiting);
  }
  await Promise.all(playing);
  return answers;
}

async function playVisit(visit: Visit, on: Visitors, answers: Answer[]): Promise<void> {
  const authorization = `Bearer ${await on.credential(visit.person)}`;
  let etag: string | null = null;
  let shown: Answer["shown"] = "before";
  for (const [index, at] of visit.at.entries()) {
    await until(on.start + at);
    const isolate = on.edge.isolate(visit.city, visit.machine, Date.now());
    const forced = visit.forced && index === 0;
    const headers = {
      authorization,
      ...(etag !== null && { "if-none-match": etag }),
      ...(forced && { "cache-control": "no-cache" }),
    };
    const asked = Date.now();
    const response = await on.ask({ city: visit.city, isolate, headers });
    const body = response.status === 200 ? await response.text() : "";
    const ms = Date.now() - asked;
    const { status } = response;
    if (status === 200) shown = body.includes(BOUGHT) ? "after" : "before";
    etag = response.headers.get("etag") ?? etag;
    const age = response.headers.get("age");
    answers.push({
      ...{ at: asked - on.start, ms, status, shown },
      age: age === null ? null : Number(age),
      waited: waitedFor(response.headers.get("cache-status") ?? ""),
    });
  }
}

/** RFC 9211: what was forwarded, and why. */
function waitedFor(cacheStatus: string): Answer["waited"] {
  if (!cacheStatus.includes("fwd=")) return "no";
  return cacheStatus.includes("fwd=request") ? "asked" : "unasked";
}

/** Waits for a time of the clock, which may be a virtual one. */
export function until(at: number): Promise<void> {
  const ms = at - Date.now();
  return ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));
}
