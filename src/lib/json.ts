/** JSON of others: parsed without a throw, and told apart from what is no object. */

export type Fields = Readonly<Record<string, unknown>>;

/** @returns `undefined` when the text is not JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
