/** From the schemas that validate the answers to JSON Schema, as generators of clients cope with it. */
import * as z from "zod/mini";
import { credits, MONEY, money } from "../balance/record.ts";
import { TIME, time, whole } from "../lib/schema.ts";

export type Json = Record<string, unknown>;

/** What each member means, by its path. */
export type Descriptions = Readonly<Record<string, Json>>;

/** Of a problem. */
export const httpStatus = whole(400, 599);

/** What a schema lets through, and what is said of its members. */
export function schemaOf(schema: z.ZodMiniType, words: Descriptions): Json {
  const { $schema: _, ...made } = z.toJSONSchema(schema, {
    override({ zodSchema, jsonSchema }) {
      const kind: unknown = zodSchema;
      if (kind === money) {
        Object.assign(jsonSchema, { format: "decimal", pattern: MONEY.source, maxLength: 64 });
      }
      if (kind === time) {
        Object.assign(jsonSchema, { format: "date-time", pattern: TIME.source, maxLength: 20 });
      }
      if (kind === credits) {
        const maximum = Number.MAX_SAFE_INTEGER;
        Object.assign(jsonSchema, { type: "integer", format: "int64", minimum: 0, maximum });
      }
      if (kind === httpStatus) {
        Object.assign(jsonSchema, { type: "integer", format: "int32", minimum: 400, maximum: 599 });
      }
      // Open to callers, whatever this version can say: a new word must not break an app.
      if (Array.isArray(jsonSchema.enum)) {
        const { enum: examples } = jsonSchema;
        delete jsonSchema.enum;
        Object.assign(jsonSchema, { maxLength: 64, pattern: "^[A-Za-z_]+$", examples });
      }
    },
  });
  return withWords(simplified(made) as Json, words, "");
}

function withWords({ properties, ...rest }: Json, words: Descriptions, path: string): Json {
  if (rest.items !== undefined)
    return { ...rest, items: withWords(rest.items as Json, words, path) };
  if (properties === undefined) return rest;
  const members = Object.entries(properties as Record<string, Json>).map(([name, member]) => [
    name,
    { ...withWords(member, words, `${path}${name}.`), ...words[path + name] },
  ]);
  return { ...rest, properties: Object.fromEntries(members) };
}

/**
 * What generators of clients cope with: null is one of the types, not one of several schemas; and
 * members may be added, so no client may insist that there are none.
 */
function simplified(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(simplified);
  if (typeof value !== "object" || value === null) return value;
  const { anyOf, additionalProperties: _, ...rest } = value as Json;
  const simple = Object.fromEntries(
    Object.entries(rest).map(([name, part]) => [name, simplified(part)]),
  );
  if (!Array.isArray(anyOf)) return simple;
  const [inner] = anyOf.map(simplified) as Json[];
  return { ...inner, ...simple, type: [inner?.type, "null"] };
}
