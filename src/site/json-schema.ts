/** From the schemas that validate the answers to JSON Schema, in a form that generators of clients understand. */
import * as z from "zod/mini";
import { credits, MONEY, money } from "../balance/record.ts";
import { DAY, daySchema } from "../history/view.ts";
import { TIME, time, whole } from "../lib/schema.ts";

export type Json = Record<string, unknown>;

/** What is said of a schema (`""`) and of its members, by their names. */
export type Words = Readonly<Record<string, Json>>;

/** Of a problem. */
export const httpStatus = whole(400, 599);

/** The longest word. Words have neither pattern nor enum: callers must expect others than this version knows. */
export const MAX_WORD = 64;

export const ref = (kind: string, name: string) => ({ $ref: `#/components/${kind}/${name}` });

/**
 * @param named schemas by the names that they get; where one holds another, it refers to it
 * @param words what is said of them, by the same names
 */
export function schemasOf<Name extends string>(
  named: Readonly<Record<Name, z.ZodMiniType>>,
  words: Readonly<Record<Name, Words>>,
): Record<string, Json> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries<z.ZodMiniType>(named)) registry.add(schema, { id });
  const uri = (id: string) => ref("schemas", id).$ref;
  const { schemas } = z.toJSONSchema(registry, { uri, override });
  const nullable = new Set<unknown>();
  const simple = new Map(
    Object.keys(words).map((name) => [name, simplified(schemas[name], nullable) as Json]),
  );
  return Object.fromEntries(
    Object.entries<Words>(words).map(([name, said]) => {
      const { $schema: _, $id: __, ...made } = simple.get(name) ?? {};
      const members = Object.entries(made.properties as Record<string, Json>).map(
        ([member, schema]) => [member, { ...schema, ...said[member] }],
      );
      const properties = Object.fromEntries(members);
      const type = nullable.has(uri(name)) ? ["object", "null"] : "object";
      return [name, { ...made, ...said[""], type, properties }];
    }),
  );
}

/** Says of a schema what its check does, which zod cannot tell. */
function override({ zodSchema, jsonSchema }: { zodSchema: unknown; jsonSchema: Json }): void {
  switch (zodSchema) {
    case money:
      Object.assign(jsonSchema, { format: "decimal", pattern: MONEY.source, maxLength: 64 });
      return;
    case time:
      Object.assign(jsonSchema, { format: "date-time", pattern: TIME.source, maxLength: 20 });
      return;
    case daySchema.shape.day:
      Object.assign(jsonSchema, { format: "date", pattern: DAY.source, maxLength: 10 });
      return;
    case credits: {
      const maximum = Number.MAX_SAFE_INTEGER;
      Object.assign(jsonSchema, { type: "integer", format: "int64", minimum: 0, maximum });
      return;
    }
    case httpStatus:
      Object.assign(jsonSchema, { type: "integer", format: "int32", minimum: 400, maximum: 599 });
      return;
  }
  // Open to callers, whatever this version can say: a new word must not break an app.
  if (Array.isArray(jsonSchema.enum)) {
    const { enum: examples } = jsonSchema;
    delete jsonSchema.enum;
    Object.assign(jsonSchema, { maxLength: MAX_WORD, examples });
  }
}

/**
 * Null is one of the types: there is no choice between schemas, which not all generators understand. And
 * members may be added later, so no client may insist that there are no others.
 *
 * @param nullable gets what is referred to where null may stand
 */
function simplified(value: unknown, nullable: Set<unknown>): unknown {
  if (Array.isArray(value)) return value.map((item) => simplified(item, nullable));
  if (typeof value !== "object" || value === null) return value;
  const { anyOf, additionalProperties: _, ...rest } = value as Json;
  const simple = Object.fromEntries(
    Object.entries(rest).map(([name, part]) => [name, simplified(part, nullable)]),
  );
  if (!Array.isArray(anyOf)) return simple;
  const { $ref, ...inner } = simplified(anyOf[0], nullable) as Json;
  if ($ref === undefined) return { ...inner, ...simple, type: [inner.type, "null"] };
  nullable.add($ref);
  return { $ref };
}
