/** The operations of a view of the balance: GET and HEAD, with the same headers and failures. */
import type { Json } from "./json-schema.ts";
import {
  CACHE_HEADERS,
  failures,
  failuresOfHead,
  headersNamed,
  ref,
  WHEN_FORCED,
} from "./responses.ts";

export const parametersNamed = (...names: string[]) => names.map((name) => ref("parameters", name));

interface ViewPath {
  /** What follows `get` and `head` in the ids of the operations. */
  readonly operation: string;
  readonly summary: string;
  readonly scope: string;
  readonly shown: string;
  /** By its name among the schemas. */
  readonly schema: string;
  readonly example: object;
}

export function viewPath({ operation, summary, scope, shown, schema, example }: ViewPath): Json {
  const headers = { ...headersNamed(...CACHE_HEADERS), ...WHEN_FORCED };
  const parameters = parametersNamed(
    "IfNoneMatch",
    "CacheControl",
    "XRequestId",
    "XFirebaseAppCheck",
  );
  const content = { schema: ref("schemas", schema), examples: { example: { value: example } } };
  const notModified = {
    description: "Nothing but `as_of` has changed: it is `Date` minus `Age`.",
    headers,
  };
  return {
    get: {
      operationId: `get${operation}`,
      summary,
      description: `${scope} From memory or a cache while it is fresh; else refreshed, or answered stale with its reason. Never an error while there is a value that is not too old.`,
      tags: ["balance"],
      parameters,
      responses: {
        200: { description: shown, headers, content: { "application/json": content } },
        304: notModified,
        ...failures(401, 403, 405, 429, 500, 502, 503, 504),
      },
    },
    head: {
      operationId: `head${operation}`,
      summary: `${summary}: the headers`,
      description: `${scope} What a GET would answer, without the body.`,
      tags: ["balance"],
      parameters,
      responses: {
        200: { description: shown, headers },
        304: notModified,
        ...failuresOfHead(401, 403, 429, 500, 502, 503, 504),
      },
    },
  };
}
