import { env } from "cloudflare:workers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readZooBody } from "../../src/zoo/body.ts";

/** `FC_SEED` as a binding repeats another run. */
const given: unknown = Reflect.get(env, "FC_SEED");
const seed = typeof given === "string" && given !== "" ? Number(given) : 20_261_124;

/** JSON text that is not quoted again: how a number is written matters here. */
class Raw {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

function encode(value: unknown): string {
  if (value instanceof Raw) return value.text;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(encode).join(",")}]`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${encode(member)}`).join(",")}}`;
}

const SCALE = 18;
const shown = (scaled: bigint): string => {
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(SCALE + 1, "0");
  const fraction = digits.slice(-SCALE).replace(/0+$/, "").padEnd(2, "0");
  return `${scaled < 0n ? "-" : ""}${digits.slice(0, -SCALE)}.${fraction}`;
};

/** An amount as it is written (number, string or with an exponent) and what it is, times 10^18. */
const money = fc
  .record({
    digits: fc.oneof(
      fc.bigInt({ min: -99_999n, max: 99_999n }),
      fc.bigInt({ min: -(10n ** 15n) + 1n, max: 10n ** 15n - 1n }),
    ),
    places: fc.nat({ max: SCALE }),
    form: fc.constantFrom("number", "string", "exponent"),
  })
  .map(({ digits, places, form }) => {
    const magnitude = (digits < 0n ? -digits : digits).toString().padStart(places + 1, "0");
    const whole = magnitude.slice(0, magnitude.length - places);
    const point = places === 0 ? "" : `.${magnitude.slice(-places)}`;
    const plain = `${digits < 0n ? "-" : ""}${whole}${point}`;
    const text = form === "exponent" ? `${digits}e-${places}` : plain;
    return {
      json: new Raw(form === "string" ? `"${text}"` : text),
      scaled: digits * 10n ** BigInt(SCALE - places),
    };
  });

/** An instant as RFC 3339 with any fraction and offset, and in UTC to the second. */
const time = fc
  .record({
    seconds: fc.integer({ min: 946_684_800, max: 4_102_444_800 }),
    fraction: fc.option(fc.stringMatching(/^\d{1,9}$/), { nil: null }),
    offset: fc.constantFrom("Z", "+00:00", "+02:00", "-11:30", "+14:00"),
  })
  .map(({ seconds, fraction, offset }) => {
    const [hours, minutes] = offset === "Z" ? [0, 0] : offset.slice(1).split(":").map(Number);
    const shift = (offset[0] === "-" ? -1 : 1) * ((hours ?? 0) * 3_600 + (minutes ?? 0) * 60);
    const local = new Date((seconds + shift) * 1_000).toISOString().slice(0, 19);
    const utc = `${new Date(seconds * 1_000).toISOString().slice(0, 19)}Z`;
    return { json: `${local}${fraction === null ? "" : `.${fraction}`}${offset}`, utc };
  });

const absent = { json: undefined, absent: true } as const;
const nullish = { json: null, absent: true } as const;
/** Nullable and optional upstream: the thing, null, or nothing. */
const maybe = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary }, fc.constant(absent), fc.constant(nullish));
const isThere = <T extends object>(part: T | typeof absent | typeof nullish): part is T =>
  !("absent" in part);

const interval = fc.constantFrom("day", "month", "week", "year", "unknown");
const price = (contract: string) =>
  fc.oneof(
    fc.record({ type: fc.constantFrom("flat", "per_user"), interval, price: money }),
    fc.constant({ type: contract, interval: null, price: null }),
  );
const word = (words: string[]) =>
  fc.oneof(fc.constantFrom(...words), fc.stringMatching(/^[a-z_]{1,64}$/));
const units = fc.maxSafeNat();

const balance = fc.record({ monthly: money, prepaid: money, updated: time });
const tier = (generation: string) =>
  fc.record({
    name: word(["free", "pro", "team", "enterprise"]),
    display: fc.option(fc.string({ maxLength: 200 }), { nil: undefined }),
    price: price(generation === "2026-08" ? "contract" : "enterprise"),
    support: word(["community", "standard", "premium", "priority", "standard_email"]),
    allowance: generation === "2024-03" || generation === "2025-07" ? money : maybe(money),
    secret: fc.option(fc.uuid(), { nil: null }),
  });

const GENERATIONS = ["2022-08", "2024-03", "2025-07", "2025-11", "2026-08"] as const;
const CASE = (generation: (typeof GENERATIONS)[number]) =>
  fc.record({
    balance,
    cash: money,
    due: generation < "2025" ? money : maybe(money),
    units: fc.record({ monthly: units, prepaid: units }),
    refresh: maybe(time),
    tier: maybe(tier(generation)),
    extra: fc.dictionary(fc.stringMatching(/^x_[a-z]{1,8}$/), fc.jsonValue(), { maxKeys: 3 }),
  });

describe.each(GENERATIONS)("any body of generation %s", (generation) => {
  const older = generation < "2025";
  const named = generation >= "2025-11";

  test("is read as an independent model reads it", () => {
    const property = fc.property(CASE(generation), (c) => {
      const { monthly, prepaid, updated } = c.balance;
      const t = generation !== "2022-08" && isThere(c.tier) ? c.tier : null;
      const allowanceName = older
        ? "pay_as_you_go_credits"
        : "monthly_pay_as_you_go_api_credits_monetary_value";
      const modeling_app = t && {
        name: t.name,
        display_name: named ? t.display : undefined,
        price:
          t.price.price === null
            ? { type: t.price.type }
            : { ...t.price, price: t.price.price.json },
        support_tier: t.support,
        [allowanceName]: t.allowance.json,
        features: [{ info: "anything" }],
      };
      const details = modeling_app
        ? { modeling_app, action_client_secret: t?.secret }
        : isThere(c.tier)
          ? undefined
          : c.tier.json;
      const body = {
        ...c.extra,
        [older ? "monthly_credits_remaining" : "monthly_api_credits_remaining_monetary_value"]:
          monthly.json,
        [older ? "pre_pay_credits_remaining" : "stable_api_credits_remaining_monetary_value"]:
          prepaid.json,
        pre_pay_cash_remaining: older ? c.cash.json : undefined,
        monthly_api_credits_remaining: older ? undefined : c.units.monthly,
        stable_api_credits_remaining: older ? undefined : c.units.prepaid,
        monthly_api_credits_refresh_at: generation === "2026-08" ? c.refresh.json : undefined,
        total_due: c.due.json,
        subscription_details: generation === "2022-08" ? undefined : details,
        updated_at: updated.json,
      };
      const refreshes = generation === "2026-08" && isThere(c.refresh) ? c.refresh.utc : null;
      expect(readZooBody(encode(body))).toEqual({
        ok: true,
        drift: [],
        balance: {
          available: shown(monthly.scaled + prepaid.scaled),
          monthly: {
            remaining: shown(monthly.scaled),
            allowance: t && isThere(t.allowance) ? shown(t.allowance.scaled) : null,
            units: older ? null : c.units.monthly,
            refreshes_at: refreshes,
          },
          prepaid: {
            remaining: shown(prepaid.scaled),
            units: older ? null : c.units.prepaid,
            cash: older ? shown(c.cash.scaled) : null,
          },
          total_due: isThere(c.due) ? shown(c.due.scaled) : null,
          plan: t && {
            name: t.name,
            title: named && t.display ? t.display : t.name,
            pricing: t.price.price === null ? "contract" : t.price.type,
            price: t.price.price === null ? null : shown(t.price.price.scaled),
            interval: t.price.interval,
            support: t.support,
          },
          updated_at: updated.utc,
        },
      });
    });
    fc.assert(property, { seed, numRuns: 200 });
  });
});
