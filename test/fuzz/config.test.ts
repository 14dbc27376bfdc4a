/** Whatever the variables hold: a configuration, or the names of what is wrong, and no value. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { runs } from "./runs.ts";

const CANARY = "canary-value-of-a-secret";

const GOOD: Readonly<Record<string, unknown>> = {
  ZOO_API_TOKEN: CANARY,
  ZOO_API_URL: "https://api.zoo.dev",
  ZOO_INCLUDE_TOTAL_DUE: "false",
  ZOO_TIMEOUT_MS: "5000",
  FRESH_SECONDS: 60,
  REVALIDATE_SECONDS: 60,
  STALE_SECONDS: "86400",
  STALE_WAIT_MS: 100,
  MIN_REFRESH_SECONDS: 1,
  LOW_BALANCE_USD: "12.5",
  JWT_ISSUERS: [
    { issuer: "https://i.example", audience: "a", algorithms: ["ES256"], scope: "s" },
    {
      issuer: "i.example",
      jwks_url: "https://i.example/jwks",
      audience: ["a", "b"],
      audience_claim: "azp",
      scope_claims: ["roles", ["a", "b"]],
      account_claim: ["a", "b"],
    },
  ],
  APP_CHECK: { project_number: 1, app_ids: ["a"], mode: "enforce" },
  CORS_ORIGINS: '["capacitor://localhost"]',
  ACCOUNTS: { team: { token: "ZOO_API_TOKEN", subject: "org" } },
  ALERTS: [
    { url: "https://hooks.example.com/", secret: "HOOK", thresholds: ["10.00", 5] },
    {
      url: "https://b.example.com/",
      secret: ["HOOK", "HOOK"],
      thresholds: [],
      days: ["7", 2],
      stale_minutes: 60,
    },
  ],
  HOOK: btoa("x".repeat(32)),
  BALANCE_KV: {},
  API_KEYS: {},
  ACCOUNT_BALANCE: {},
  ISSUER_KEYS: {},
};

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  fc.constantFrom("", " ", "null", "-1", "1e9", "0", "{", "[]", "{}", "__proto__", CANARY),
  fc.json(),
);
/** Names are told, so that a mistyped one is found; what they name is not. */
const name = text.filter((key) => !key.includes(CANARY));
const leaf = fc.oneof(text, fc.double(), fc.boolean(), fc.constant(null), fc.bigInt());
const anything = fc.oneof(
  leaf,
  fc.array(leaf, { maxLength: 4 }),
  fc.dictionary(name, fc.oneof(leaf, fc.dictionary(name, leaf)), { maxKeys: 4 }),
  fc.object({ maxDepth: 4 }),
);

/** A good value with something else somewhere in it. */
const spoiled = (good: unknown): fc.Arbitrary<unknown> => {
  if (typeof good !== "object" || good === null) return anything;
  const names = Object.keys(good);
  if (names.length === 0) return anything;
  return fc
    .record({
      name: fc.constantFrom(...names, "unknown"),
      value: fc.oneof(anything, fc.constant(undefined)),
    })
    .chain(({ name, value }) => {
      const inner: unknown = Reflect.get(good, name);
      return fc.oneof(fc.constant(value), spoiled(inner)).map((changed) => {
        const copy = Array.isArray(good) ? [...good] : { ...good };
        Reflect.set(copy, name, changed);
        return copy;
      });
    });
};

const environment = fc
  .subarray(Object.keys(GOOD), { maxLength: 3 })
  .chain((names) =>
    fc.record(
      Object.fromEntries(names.map((name) => [name, fc.oneof(anything, spoiled(GOOD[name]))])),
    ),
  )
  .map((changes) => ({ ...GOOD, ...changes }));

/** As `.dev.vars` and secrets have it: text. */
const asText = (value: unknown) => {
  try {
    return typeof value === "object" ? JSON.stringify(value) : value;
  } catch {
    return value;
  }
};

test("any environment parses to a valid configuration or to problems that quote no value", () => {
  let good = 0;
  fc.assert(
    fc.property(environment, fc.boolean(), (variables, texts) => {
      const env = texts
        ? Object.fromEntries(
            Object.entries(variables).map(([name, value]) => [name, asText(value)]),
          )
        : variables;
      const parsed = parseConfig(env);
      if (parsed.ok) {
        good += 1;
        const { config } = parsed;
        expect(config.accounts.get("default")?.token).toBeTruthy();
        expect(config.STALE_SECONDS).toBeGreaterThanOrEqual(config.FRESH_SECONDS);
        expect(config.LOW_BALANCE_USD).toMatch(/^\d+\.\d{2,}$/);
        return;
      }
      expect(parsed.problems.length).toBeGreaterThan(0);
      for (const problem of parsed.problems) expect(problem).not.toContain(CANARY);
    }),
    runs("configurations", { short: 2_000, long: 100_000 }),
  );
  // Or nothing was tried but the first check.
  expect(good).toBeGreaterThan(10);
});
