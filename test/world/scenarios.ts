/** What happens in a run: who asks when, and what goes wrong. Made of a seed, the same for both worlds. */
import { CITIES, Draws } from "./latency.ts";

/** Milliseconds from the start. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Somebody opens the app, and it asks several times. */
export interface Visit {
  /** When each of its requests is made, milliseconds from the start. */
  readonly at: readonly number[];
  readonly city: number;
  readonly person: number;
  /** Machine of the city that the connection goes to. */
  readonly machine: number;
  /** The first request is a forced one: pull to refresh. */
  readonly forced: boolean;
}

export interface Scenario {
  readonly name: string;
  readonly seconds: number;
  /** Share of real time that the platform's own times have: caches of KV, idle isolates and objects. */
  readonly pace: number;
  readonly vars: Readonly<Record<string, string>>;
  readonly cronSeconds: number;
  readonly visits: readonly Visit[];
  readonly seed: number;
  readonly kvStalls?: Span & { readonly ms: number };
  readonly zooDown?: Span;
  readonly providerDown?: Span;
  /** When the account is topped up. */
  readonly purchaseAt?: number;
}

/** A city's machines that a connection may go to, each with an isolate of its own. */
const MACHINES = 4;
/** Each person comes twice. */
const PERSONS_SHARE = 0.5;

export interface Traffic {
  readonly visits: number;
  readonly from: number;
  readonly to: number;
  readonly requests: number;
  /** Between the requests of a visit, milliseconds. */
  readonly gapMs: number;
  /** Only from this one; by default from all, by their share. */
  readonly city?: number;
  /** Like a day: three in four between 8 and 20 o'clock, most of them about noon. */
  readonly rhythm?: boolean;
  /** Machines of each city that connections go to. */
  readonly machines?: number;
}

export function visitsOf(traffic: Traffic, draws: Draws): Visit[] {
  const { visits, from, to, requests, gapMs, city, rhythm = false, machines = MACHINES } = traffic;
  const persons = Math.max(1, Math.round(visits * PERSONS_SHARE));
  const made = Array.from({ length: visits }, (): Visit => {
    const first = from + (to - from) * (rhythm ? ofTheDay(draws) : draws.next("arrival"));
    return {
      at: Array.from({ length: requests }, (_, n) => Math.round(first + n * gapMs)),
      city: city ?? cityOf(draws.next("city")),
      person: draws.below(persons, "person"),
      machine: draws.below(machines, "machine"),
      forced: draws.next("forced") < 0.05,
    };
  });
  return inOrder(made);
}

export const inOrder = (visits: readonly Visit[]): Visit[] =>
  [...visits].sort((a, b) => (a.at[0] ?? 0) - (b.at[0] ?? 0));

function cityOf(share: number): number {
  let sum = 0;
  for (const [index, city] of CITIES.entries()) {
    sum += city.share;
    if (share < sum) return index;
  }
  return CITIES.length - 1;
}

/** A share of the day: the sum of three evenly drawn is a bell about noon. */
function ofTheDay(draws: Draws): number {
  if (draws.next("awake") < 0.25) return draws.next("arrival");
  const bell = draws.next("arrival") + draws.next("arrival") + draws.next("arrival");
  return (8 + (bell / 3) * 12) / 24;
}

/** A twelfth of real time: what an app meets in eight minutes, in forty seconds. */
const PACE = 1 / 12;
const SECONDS = 40;
const IN_PACE = {
  FRESH_SECONDS: "5",
  REVALIDATE_SECONDS: "5",
  MIN_REFRESH_SECONDS: "1",
  KEEP_FRESH_SECONDS: "75",
};
const MIDDLE = { from: 14_000, to: 26_000 };

/** All of the short scenarios, in the order of the report. */
export function scenarios(seed: number): Scenario[] {
  const scenario = (
    name: string,
    traffic: readonly Partial<Traffic>[],
    more: Partial<Scenario> = {},
  ): Scenario => {
    const draws = new Draws(seed + name.length);
    const visits = traffic.flatMap((part) =>
      visitsOf(
        { visits: 80, from: 4_000, to: SECONDS * 1_000 - 3_000, requests: 3, gapMs: 700, ...part },
        draws,
      ),
    );
    return {
      ...{ name, seconds: SECONDS, pace: PACE, vars: IN_PACE, cronSeconds: 75, seed },
      visits: inOrder(visits),
      ...more,
    };
  };
  const unkept = { ...IN_PACE, KEEP_FRESH_SECONDS: "0" };
  return [
    scenario("quiet app", [{ visits: 6, requests: 2 }]),
    scenario("small app", [{}]),
    scenario("busy app", [{ visits: 500, requests: 6 }]),
    scenario("herd at nine", [
      { visits: 5, to: 15_000 },
      { visits: 600, from: 20_000, to: 26_000 },
    ]),
    scenario("cold city", [
      { city: 0, visits: 60 },
      { city: 4, visits: 40, from: 20_000, to: 30_000 },
    ]),
    scenario("KV stalling", [{ visits: 120 }], { kvStalls: { ...MIDDLE, ms: 500 } }),
    scenario("Zoo down", [{ visits: 120 }], {
      zooDown: { from: 14_000, to: 23_000 },
    }),
    scenario("identity provider down", [{ visits: 120 }], { providerDown: MIDDLE }),
    scenario("purchase", [{ visits: 200 }], { purchaseAt: 20_000 }),
    scenario("small app, not kept fresh", [{}], { vars: unkept }),
  ];
}

/** Those that `--check` runs both ways. */
export const CHECKED = [
  "quiet app",
  "small app",
  "busy app",
  "herd at nine",
  "KV stalling",
  "Zoo down",
];
