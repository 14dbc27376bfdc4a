/** Operations: what those of one path, and those of the views, have in common. */
import type { Examples } from "./examples.ts";
import { type Json, ref } from "./json-schema.ts";
import {
  CACHE_HEADERS,
  failures,
  headersNamed,
  json,
  PROBLEM_RESPONSES,
  WHEN_FORCED,
} from "./responses.ts";

export const parametersNamed = (...names: string[]) => names.map((name) => ref("parameters", name));

interface Operation extends Json {
  readonly summary: string;
  readonly description: string;
  readonly responses: Readonly<Record<string, Json>>;
}

/**
 * A path that answers GET, and HEAD with the same headers and no body.
 *
 * @param name what follows `get` and `head` in the ids of the operations
 */
export function readable(name: string, get: Operation): Json {
  // Other methods are what a 405 answers.
  const { 405: _, ...responses } = get.responses;
  const withoutBodies = Object.entries(responses).map(([status, response]) => {
    const known = PROBLEM_RESPONSES[String(response.$ref).replace(/^.*\//, "")];
    const { content: __, ...rest } = known ?? response;
    return [status, rest];
  });
  return {
    get: { operationId: `get${name}`, ...get },
    head: {
      operationId: `head${name}`,
      ...get,
      summary: `${get.summary}: the headers`,
      description: `${get.description} Answers as GET does, but without a body.`,
      responses: Object.fromEntries(withoutBodies),
    },
  };
}

interface View {
  readonly summary: string;
  readonly scope: string;
  readonly shown: string;
  readonly examples: Examples;
}

/** @param schema by its name among the schemas, which ends the ids of the operations too */
export function viewPath(schema: string, { summary, scope, shown, examples }: View): Json {
  const headers = { ...headersNamed(...CACHE_HEADERS), ...WHEN_FORCED };
  return readable(schema, {
    summary,
    description: `${scope} A stored value is answered at once while it is fresh. An older one is refreshed first, or answered as \`stale\` with the reason. Trouble with Zoo is an error only when no value is stored, or one that is too old.`,
    tags: ["balance"],
    parameters: parametersNamed("IfNoneMatch", "CacheControl", "XRequestId", "XFirebaseAppCheck"),
    responses: {
      200: { description: shown, headers, content: json(schema, examples) },
      304: {
        description: "Only `as_of` has changed: the new one is `Date` minus `Age`.",
        headers,
      },
      ...failures(401, 403, 405, 429, 500, 502, 503, 504),
    },
  });
}
