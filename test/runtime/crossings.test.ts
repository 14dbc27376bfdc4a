/** Each crossing is told once, however often the value wobbles: decided by hand, value after value. */
import { describe, expect, test } from "vitest";
import { afterFailure, afterSilence, afterValue, type Value } from "../../src/alerts/crossings.ts";
import { type AlertEvent, NOTHING_TOLD, type Told } from "../../src/alerts/events.ts";
import { type Balance, balanceSchema } from "../../src/balance/record.ts";
import { usd } from "../usd.ts";
import { balanceOf } from "./support.ts";

const NOW = Date.UTC(2026, 10, 24, 12);
const DAY_MS = 86_400_000;

const rulesOf = (thresholds: readonly string[], days: readonly number[] = []) => ({
  thresholds: thresholds.map(usd),
  days,
  staleMinutes: 30,
});

const zooValue = (balance: Balance, rest: Partial<Value> = {}): Value => ({
  balance,
  access: null,
  before: null,
  lastsMs: null,
  now: NOW,
  ...rest,
});

/** An event in one text: its type, and what it is about. */
function wordsOf(event: AlertEvent): string {
  switch (event.type) {
    case "balance.runs_out":
      return `${event.type} ${event.days}`;
    case "balance.topped_up":
      return `${event.type} ${event.amount}`;
    case "account.blocked":
      return `${event.type} ${event.blocked}`;
    default:
      return event.threshold === null ? event.type : `${event.type} ${event.threshold}`;
  }
}

/** What is told after one step after the other. */
function tell<T>(
  steps: readonly T[],
  decide: (told: Told, step: T, before: T | undefined) => ReturnType<typeof afterValue>,
): string[] {
  let told = NOTHING_TOLD;
  return steps.map((step, n) => {
    const decision = decide(told, step, steps[n - 1]);
    told = decision.told;
    return decision.events.map(wordsOf).join(", ");
  });
}

/** `!` is a refused token, `?` another failure just after a success. */
const toldOf = (values: readonly string[], thresholds: readonly string[]) =>
  tell(values, (told, value) => {
    const rules = rulesOf(thresholds);
    if (value === "!") return afterFailure(told, "upstream_rejected", NOW, rules, NOW);
    if (value === "?") return afterFailure(told, "upstream_unavailable", NOW, rules, NOW);
    return afterValue(told, zooValue(balanceOf("0.00", value)), rules);
  });

describe("a threshold", () => {
  test.each<[string, string[], string[], string[]]>([
    [
      "is told once while the value wobbles around it",
      ["50.00", "49.99", "50.00", "54.99", "49.00"],
      ["50.00"],
      ["", "balance.low 50.00", "", "", ""],
    ],
    [
      "has recovered 10 % above, and can be crossed again",
      ["49.00", "54.9999", "55.00", "54.00", "49.99"],
      ["50.00"],
      ["balance.low 50.00", "", "balance.recovered 50.00", "", "balance.low 50.00"],
    ],
    [
      "is told after a higher one when a fall crosses both",
      ["60.00", "-1.00"],
      ["10.00", "50.00"],
      ["", "balance.low 50.00, balance.low 10.00, balance.exhausted"],
    ],
    [
      "has recovered before a higher one when a rise crosses both",
      ["0.00", "60.00"],
      ["10.00", "50.00"],
      [
        "balance.low 50.00, balance.low 10.00, balance.exhausted",
        "balance.recovered 10.00, balance.recovered 50.00",
      ],
    ],
    [
      "keeps exhaustion from being told again until it has recovered",
      ["0.00", "0.01", "0.00", "10.99", "0.00", "11.00", "0.00"],
      ["10.00"],
      [
        "balance.low 10.00, balance.exhausted",
        "",
        "",
        "",
        "",
        "balance.recovered 10.00",
        "balance.low 10.00, balance.exhausted",
      ],
    ],
    [
      "of many digits is compared exactly",
      ["0.00830001", "0.0083", "0.00829999", "0.00913", "0.009129"],
      ["0.0083"],
      ["", "", "balance.low 0.0083", "balance.recovered 0.0083", ""],
    ],
  ])("%s", (_, values, thresholds, expected) => {
    expect(toldOf(values, thresholds)).toEqual(expected);
  });

  test("that is no longer configured is forgotten without an event", () => {
    const five = zooValue(balanceOf("0.00", "5.00"));
    const { told } = afterValue(NOTHING_TOLD, five, rulesOf(["10.00", "50.00"]));
    const after = afterValue(told, zooValue(balanceOf("0.00", "60.00")), rulesOf(["50.00"]));
    expect(after.events.map(wordsOf)).toEqual(["balance.recovered 50.00"]);
    expect(after.told.low).toEqual([]);
  });
});

describe("without thresholds", () => {
  test("exhaustion is told, and its end as soon as there is something", () => {
    const expected = ["", "balance.exhausted", "", "balance.recovered"];
    expect(toldOf(["5.00", "0.00", "-1.00", "0.01"], [])).toEqual(expected);
  });

  test("residue of double arithmetic is nothing, so it says nothing", () => {
    const residue = "0.000000000000000888";
    const values = [residue, `-${residue}`, residue, "0.00", residue, `-${residue}`];
    expect(toldOf(values, [])).toEqual(["balance.exhausted", "", "", "", "", ""]);
  });
});

describe("a contract account", () => {
  const contract = (available: string) =>
    balanceSchema.parse({
      ...balanceOf("0.00", available),
      plan: {
        name: "enterprise",
        title: "Enterprise",
        pricing: "contract",
        price: null,
        interval: null,
        support: null,
      },
    });

  test("without credits crosses nothing, since its status is contract", () => {
    const told = tell(["0.00", "0.0001", "-0.001", "0.00"], (told, available) =>
      afterValue(told, zooValue(contract(available), { lastsMs: 0 }), rulesOf(["50.00"], [7])),
    );
    expect(told).toEqual(["", "", "", ""]);
  });

  test("with credits crosses thresholds like every other account", () => {
    const told = tell(["60.00", "20.00", "0.00", "60.00"], (told, available) =>
      afterValue(told, zooValue(contract(available)), rulesOf(["50.00"])),
    );
    expect(told).toEqual(["", "balance.low 50.00", "", "balance.recovered 50.00"]);
  });
});

describe("a failing Zoo", () => {
  test("that refuses the token is told once, and its end once", () => {
    expect(toldOf(["60.00", "!", "!", "?", "!", "60.00", "60.00"], ["50.00"])).toEqual([
      "",
      "upstream.rejected",
      "",
      "",
      "",
      "upstream.recovered",
      "",
    ]);
  });

  test("that fails for a moment is not told", () => {
    expect(toldOf(["60.00", "?", "?", "60.00"], ["50.00"])).toEqual(["", "", "", ""]);
  });

  test("that succeeds in nothing for stale_minutes is told once, and its end once", () => {
    const minutes = [10, 29.9, 30, 45, 600, null, 10, 31, null];
    const told = tell<number | null>(minutes, (told, minute) => {
      const now = NOW + (minute ?? 0) * 60_000;
      return minute === null
        ? afterValue(told, zooValue(balanceOf()), rulesOf([]))
        : afterFailure(told, "upstream_invalid", NOW, rulesOf([]), now);
    });
    const [stale, fresh] = ["upstream.stale", "upstream.fresh"];
    expect(told).toEqual(["", "", stale, "", "", fresh, "", stale, fresh]);
  });

  test("is told of by time alone, and never with stale_minutes 0", () => {
    const now = NOW + 30 * 60_000;
    const { events, told } = afterSilence(NOTHING_TOLD, NOW, { staleMinutes: 30 }, now);
    expect(events.map(wordsOf)).toEqual(["upstream.stale"]);
    expect(afterSilence(told, NOW, { staleMinutes: 30 }, now).events).toEqual([]);
    expect(afterSilence(NOTHING_TOLD, NOW, { staleMinutes: 0 }, now + DAY_MS).events).toEqual([]);
    expect(afterSilence(NOTHING_TOLD, NOW, { staleMinutes: 30 }, now - 1).events).toEqual([]);
  });

  test("whose refusal lasts is told of before its silence, in the same failure", () => {
    const now = NOW + 3_600_000;
    const { events } = afterFailure(NOTHING_TOLD, "upstream_rejected", NOW, rulesOf([]), now);
    expect(events.map(wordsOf)).toEqual(["upstream.rejected", "upstream.stale"]);
  });
});

test("a block is told once, not again when its word changes or is not known for a while", () => {
  const words = [null, "admin", "admin", "?", "payment_method_failed", null, "?", null];
  const told = tell(words, (told, word) => {
    const access = word === "?" ? null : { blocked: word, pay_as_you_go: null };
    return afterValue(told, zooValue(balanceOf(), { access }), rulesOf([]));
  });
  expect(told).toEqual(["", "account.blocked admin", "", "", "", "account.unblocked", "", ""]);
});

test("the forecast is told once per number of days, and again only after it rose 10 % above", () => {
  const lasts = [8, 6.9, 7.2, 6.9, 1.9, null, 2.1, 1.9, 7.7, 6.9, Number.POSITIVE_INFINITY, 1];
  const told = tell(lasts, (told, days) => {
    const lastsMs = days === null ? null : days * DAY_MS;
    return afterValue(told, zooValue(balanceOf(), { lastsMs }), rulesOf([], [2, 7]));
  });
  const [seven, two] = ["balance.runs_out 7", "balance.runs_out 2"];
  expect(told).toEqual(["", seven, "", "", two, "", "", "", "", seven, "", `${seven}, ${two}`]);
});

describe("a top-up", () => {
  interface Amounts {
    readonly monthly: string;
    readonly prepaid: string;
    readonly allowance?: string;
  }
  const balance = ({ monthly, prepaid, allowance }: Amounts) => {
    const available = (Number(monthly) + Number(prepaid)).toFixed(2);
    const base = balanceOf(monthly, available);
    return balanceSchema.parse({
      ...base,
      monthly: { ...base.monthly, allowance: allowance ?? null },
    });
  };
  const toppedUp = (steps: readonly Amounts[]) =>
    tell(steps, (told, step, previous) => {
      const last = previous === undefined ? null : balance(previous);
      const before = last && { available: last.available, monthly: last.monthly.remaining };
      return afterValue(told, zooValue(balance(step), { before }), rulesOf([]));
    });
  const prepaid = (...amounts: readonly string[]) =>
    amounts.map((amount) => ({ monthly: "0.00", prepaid: amount }));

  test("is told with what rose", () => {
    expect(toppedUp(prepaid("5.00", "55.00", "54.00", "104.00"))).toEqual([
      "",
      "balance.topped_up 50.00",
      "",
      "balance.topped_up 50.00",
    ]);
  });

  test("is not what a monthly refresh explains, up to the allowance", () => {
    const allowance = "20.00";
    const steps = [
      { monthly: "3.00", prepaid: "5.00", allowance },
      { monthly: "20.00", prepaid: "5.00", allowance },
      { monthly: "1.00", prepaid: "5.00", allowance },
      { monthly: "20.00", prepaid: "35.00", allowance },
      { monthly: "50.00", prepaid: "35.00", allowance },
    ];
    const expected = ["", "", "", "balance.topped_up 30.00", "balance.topped_up 30.00"];
    expect(toppedUp(steps)).toEqual(expected);
  });

  test("is not a monthly refresh of an allowance that is not known", () => {
    const steps = [
      { monthly: "0.00", prepaid: "5.00" },
      { monthly: "20.00", prepaid: "5.00" },
    ];
    expect(toppedUp(steps)).toEqual(["", ""]);
  });

  test("is told once while the value jumps between its ends, and again after it was spent", () => {
    const steps = prepaid("5.00", "60.00", "5.00", "60.00", "5.00", "60.00", "30.00", "5.00");
    const [first, ...rest] = toppedUp([...steps, ...prepaid("60.00")]);
    const event = "balance.topped_up 55.00";
    expect([first, ...rest]).toEqual(["", event, "", "", "", "", "", "", event]);
  });

  test("of less than a dollar is taken for a correction", () => {
    expect(toppedUp(prepaid("5.00", "5.99", "5.00"))).toEqual(["", "", ""]);
  });
});
