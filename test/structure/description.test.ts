/** The API's description as others read it: its examples are true, and there is one for each state. */
import { describe, expect, test } from "vitest";
import { STATUSES } from "../../src/balance/status.ts";
import { STALE_REASONS } from "../../src/balance/view.ts";
import { historySchema } from "../../src/history/view.ts";
import { openApiDocument } from "../../src/site/openapi.ts";
import { validatorOf } from "../described.ts";

type Json = Readonly<Record<string, unknown>>;
interface Described extends Json {
  readonly schema: Json;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

const document = JSON.parse(JSON.stringify(openApiDocument("0.0.0"))) as Json;
const ajv = validatorOf(document);

/** Each part of the document that is an object, with its JSON pointer. */
const parts: (readonly [pointer: string, Json])[] = [];
const collect = (value: unknown, pointer: string): void => {
  if (typeof value !== "object" || value === null || pointer.endsWith("/value")) return;
  parts.push([pointer, value as Json]);
  for (const [name, part] of Object.entries(value)) {
    collect(part, `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`);
  }
};
collect(document, "#");

const partAt = (pointer: unknown): Json => parts.find(([at]) => at === pointer)?.[1] ?? {};

function errorsOf(value: unknown, pointer: string): string {
  const encoded = pointer.split("/").map(encodeURIComponent).join("/").replace("%23", "#");
  const validate = ajv.getSchema(`api${encoded}`);
  if (validate === undefined) throw new Error(`${pointer} is no schema`);
  return validate(value) === true ? "" : ajv.errorsText(validate.errors);
}

/** Bodies, headers and parameters. */
const described = parts.filter((part): part is readonly [string, Described] => "schema" in part[1]);

test("every body, header and parameter has a named example that its schema accepts", () => {
  expect(described.length).toBeGreaterThan(60);
  for (const [pointer, { examples = {} }] of described) {
    expect(Object.keys(examples), pointer).not.toEqual([]);
    for (const [name, { value }] of Object.entries(examples)) {
      expect(errorsOf(value, `${pointer}/schema`), `${pointer}/examples/${name}`).toBe("");
    }
  }
});

test("every example of a member is one that its schema accepts", () => {
  const members = parts.filter(([, { type, examples }]) => type && Array.isArray(examples));
  expect(members.length).toBeGreaterThan(40);
  for (const [pointer, { examples }] of members) {
    for (const value of examples as unknown[]) expect(errorsOf(value, pointer), pointer).toBe("");
  }
});

test("every named schema has a description, and so has every member of it, with an example", () => {
  const schemas = parts.filter(([pointer]) => /^#\/components\/schemas\/\w+$/.test(pointer));
  expect(schemas.length).toBeGreaterThan(15);
  for (const [pointer, { description, properties }] of schemas) {
    expect(description, pointer).toBeTypeOf("string");
    for (const [name, member] of Object.entries(Object(properties) as Record<string, Json>)) {
      if (member.$ref !== undefined) continue;
      expect(member.description, `${pointer} ${name}`).toBeTypeOf("string");
      if (member.items === undefined) {
        expect(member.examples, `${pointer} ${name}`).toBeInstanceOf(Array);
      }
    }
  }
});

/** The examples of the 200 of a path, by name. */
function examplesOf(path: string): Readonly<Record<string, Json>> {
  const pointer = `#/paths/${path.replaceAll("/", "~1")}/get/responses/200/content/application~1json`;
  const { examples = {} } = partAt(pointer) as Partial<Described>;
  return Object.fromEntries(
    Object.entries(examples).map(([name, { value }]) => [name, value as Json]),
  );
}

describe.each(["/v1/balance", "/v1/balance/status"])("the examples of %s", (path) => {
  const examples = examplesOf(path);

  test.each(STATUSES)("show the status %s under its own name", (status) => {
    expect(examples[status]).toMatchObject({ status, stale: false, stale_reason: null });
  });

  test.each(STALE_REASONS)("show a stale answer whose reason is %s", (reason) => {
    expect(examples[`stale_${reason}`]).toMatchObject({ stale: true, stale_reason: reason });
  });
});

test("the examples of the balance show an account without a plan", () => {
  expect(examplesOf("/v1/balance").no_plan).toMatchObject({ plan: null });
});

test.each(historySchema.shape.forecast_reason.def.innerType.options)(
  "the examples of the history show that there is no forecast: %s",
  (reason) => {
    expect(examplesOf("/v1/balance/history")[reason]).toMatchObject({
      forecast_reason: reason,
      spend_per_day: null,
      lasts_until: null,
    });
  },
);

const nameOf = ($ref: unknown) => String($ref).replace(/^.*\//, "");

/** Each member of the value and of the objects inside it, as `Schema.member`, and whether it is null. */
function nullsOf(value: unknown, schema: string): (readonly [member: string, isNull: boolean])[] {
  const { properties } = (document.components as { schemas: Record<string, Json> }).schemas[
    schema
  ] as { properties: Record<string, Json> };
  return Object.entries(properties).flatMap(([name, member]) => {
    const part = (value as Json)[name];
    const { $ref } = (member.items ?? member) as { $ref?: string };
    const inner = $ref === undefined || part === null ? [] : [part].flat();
    return [
      [`${schema}.${name}`, part === null] as const,
      ...inner.flatMap((item) => nullsOf(item, nameOf($ref))),
    ];
  });
}

test.each([
  ["/v1/balance", "Balance"],
  ["/v1/balance/status", "BalanceStatus"],
  ["/v1/balance/history", "BalanceHistory"],
])(
  "every member of %s that may be null is so in one example, and is not in another",
  (path, schema) => {
    const seen = Object.values(examplesOf(path)).flatMap((example) => nullsOf(example, schema));
    const members = new Set(seen.map(([member]) => member));
    const nullable = [...members].filter((member) => {
      const pointer = `#/components/schemas/${member.replace(".", "/properties/")}`;
      const part = partAt(pointer);
      const { type } = part.$ref === undefined ? part : partAt(part.$ref);
      return [type].flat().includes("null");
    });
    const those = (isNull: boolean) =>
      new Set(seen.filter(([, is]) => is === isNull).map(([member]) => member));
    expect(nullable).not.toEqual([]);
    expect(nullable.filter((member) => !those(true).has(member))).toEqual([]);
    expect(nullable.filter((member) => !those(false).has(member))).toEqual([]);
  },
);

test("an example that its schema does not accept is found", () => {
  const pointer = "#/components/schemas/Balance";
  const { ok } = examplesOf("/v1/balance");
  expect(errorsOf(ok, pointer)).toBe("");
  expect(errorsOf({ ...ok, available: "1" }, pointer)).toContain("available");
  expect(errorsOf({ ...ok, plan: {} }, pointer)).toContain("plan");
});
