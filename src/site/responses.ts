/** Headers, and the answers that tell of problems: the parts of the API's description that its routes share. */
import * as z from "zod/mini";
import { PROBLEMS, type ProblemCode, TITLES, typeOf } from "../problem.ts";
import { REQUEST_ID } from "./descriptions.ts";
import { httpStatus, type Json } from "./json-schema.ts";

export const problemSchema = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: httpStatus,
  code: z.string(),
  detail: z.string(),
  request_id: z.string(),
});

export const ref = (kind: string, name: string) => ({ $ref: `#/components/${kind}/${name}` });

const RETRY_AFTER: Json = { type: "integer", format: "int32", minimum: 1, maximum: 86_400 };

export const HEADERS: Readonly<Record<string, Json>> = {
  "X-Request-Id": header("Yours if it was sane, else Cloudflare's ray or a new one.", REQUEST_ID),
  ETag: header("Weak; over the body without `as_of`.", text(64)),
  "Cache-Control": header(
    "`private, max-age=`: the whole freshness lifetime in seconds, of which `Age` is spent.",
    text(64),
  ),
  Vary: header("`Authorization`, and `Origin` where web views are let in.", text(64)),
  Date: header("When it was answered. `Date` minus `Age` is `as_of`.", text(64)),
  Age: header(
    "Seconds since the proxy had it from Zoo; of a history, since it was last compared.",
    {
      type: "integer",
      format: "int64",
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
    },
  ),
  "Cache-Status": header("RFC 9211: `hit` or `fwd=…`, `ttl`, and where it was found.", text(128)),
  "WWW-Authenticate": header("RFC 6750.", text(128)),
  "Retry-After": header("Seconds after which trying again may help.", RETRY_AFTER),
  Allow: header("The methods that there are.", text(64)),
  "Access-Control-Allow-Origin": {
    description:
      "The origin of the page that asks, if the operator lets it in; else there is none.",
    required: false,
    schema: text(256),
  },
};

/** One that every answer has for which it is described. */
function header(description: string, schema: Json): Json {
  return { description, required: true, schema };
}

/** On a 200 or 304 to a forced request alone. */
export const WHEN_FORCED: Readonly<Record<string, Json>> = {
  "Retry-After": {
    description:
      "Seconds until a forced request can make the value newer: it was asked too soon, or Zoo is backing off.",
    required: false,
    schema: RETRY_AFTER,
  },
};

export function text(maxLength: number): Json {
  return { type: "string", maxLength, pattern: "^[ -~]*$" };
}

export const headersNamed = (...names: string[]) =>
  Object.fromEntries(
    ["X-Request-Id", "Access-Control-Allow-Origin", ...names].map((name) => [
      name,
      ref("headers", name),
    ]),
  );

export const CACHE_HEADERS = ["ETag", "Cache-Control", "Vary", "Date", "Age", "Cache-Status"];

/** One response for each status that has problems, with an example for each of their codes. */
export function problemResponses(): Record<string, Json> {
  const codes = Object.keys(PROBLEMS) as ProblemCode[];
  return Object.fromEntries(
    Object.entries(TITLES).map(([status, title]) => {
      const own = codes.filter((code) => PROBLEMS[code].status === Number(status));
      const more: Record<string, string[]> = {
        401: ["WWW-Authenticate"],
        405: ["Allow"],
        429: ["Retry-After"],
        502: ["Retry-After"],
        503: ["Retry-After"],
      };
      const examples = own.map((code) => [code, { value: exampleOf(code) }]);
      return [
        title.replaceAll(" ", ""),
        {
          description: own.map((code) => `\`${code}\`: ${PROBLEMS[code].detail}`).join(" "),
          headers: headersNamed("Cache-Control", ...(more[status] ?? [])),
          content: {
            "application/problem+json": {
              schema: ref("schemas", "Problem"),
              examples: Object.fromEntries(examples),
            },
          },
        },
      ];
    }),
  );
}

function exampleOf(code: ProblemCode): z.infer<typeof problemSchema> {
  const { status, detail } = PROBLEMS[code];
  const request_id = "8f1c2d3e4a5b6c7d-FRA";
  return { type: typeOf(code), title: TITLES[status], status, code, detail, request_id };
}

export const failures = (...statuses: (keyof typeof TITLES)[]) =>
  Object.fromEntries(
    statuses.map((status) => [status, ref("responses", TITLES[status].replaceAll(" ", ""))]),
  );

/** The same for HEAD, whose answers have no body that a reference would promise. */
export function failuresOfHead(...statuses: (keyof typeof TITLES)[]): Record<string, Json> {
  const responses = problemResponses();
  return Object.fromEntries(
    statuses.map((status) => {
      const { content: _, ...rest } = responses[TITLES[status].replaceAll(" ", "")] ?? {};
      return [status, rest];
    }),
  );
}
