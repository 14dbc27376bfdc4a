/** A file of secrets as wrangler reads it: JSON, or `NAME=value` line by line. */
import { parseEnv } from "node:util";
import * as z from "zod/mini";

const jsonSchema = z.record(z.string(), z.nullable(z.string()));

/** @throws where it is neither; the message may quote the text */
export function readSecrets(text: string): ReadonlyMap<string, string> {
  const isJson = text.trimStart().startsWith("{");
  const values = isJson ? jsonSchema.parse(JSON.parse(text)) : parseEnv(text);
  return new Map(Object.entries(values).map(([name, value]) => [name, value ?? ""]));
}
