/** Headers, and the answers that tell of problems: the parts of the API's description that its routes share. */
import * as z from "zod/mini";
import { PROBLEMS, type ProblemCode, TITLES, typeOf } from "../problem.ts";
import { REQUEST_ID } from "./descriptions.ts";
import type { Examples } from "./examples.ts";
import { httpStatus, type Json, ref } from "./json-schema.ts";

export const problemSchema = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: httpStatus,
  code: z.string(),
  detail: z.string(),
  request_id: z.string(),
});

const RETRY_AFTER: Json = { type: "integer", format: "int32", minimum: 1, maximum: 86_400 };
const ID_EXAMPLE = "8f1c2d3e4a5b6c7d-FRA";

export const HEADERS: Readonly<Record<string, Json>> = {
  "X-Request-Id": header(
    "The `X-Request-Id` that was sent, if it is well-formed; else one made by the service. It finds the request in the operator's log.",
    REQUEST_ID,
    { cloudflare: ID_EXAMPLE, generated: "3f0c9b1e-6a0e-4c53-9b1c-2f2f1e0d8a11" },
  ),
  ETag: header(
    "A weak tag. It changes when the answer does, apart from `as_of`; of a history, when a point comes.",
    text(64),
    {
      weak: 'W/"0f5a1d9e6a0e4c539b1c2f2f1e0d8a11"',
    },
  ),
  "Cache-Control": header(
    "`private, max-age=N`: fresh for N seconds, counted from `Date` minus `Age`.",
    text(64),
    { fresh: "private, max-age=60" },
  ),
  "No-Store": header("`no-store`: not for caches.", text(64), { always: "no-store" }),
  Vary: header("`Authorization`, and `Origin` where the operator allows web pages.", text(64), {
    apps: "Authorization",
    web: "Authorization, Origin",
  }),
  Date: header(
    "When this was answered. `Date` minus `Age` is `as_of`, where the answer has one.",
    text(64),
    {
      time: "Mon, 23 Nov 2026 10:00:41 GMT",
    },
  ),
  Age: header(
    "Seconds since the value was read from Zoo, or since a history was last found unchanged.",
    { type: "integer", format: "int64", minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
    { seconds: 41 },
  ),
  "Cache-Status": header(
    "How the service's cache answered (RFC 9211): `hit`, or why not (`fwd`); the seconds for which the value stays fresh (`ttl`); and where it was found (`detail`).",
    text(128),
    {
      hit: "zoo-balance; hit; ttl=19; detail=memory",
      first: "zoo-balance; fwd=uri-miss; ttl=60; detail=object",
      stale: "zoo-balance; fwd=stale; ttl=-30; detail=kv",
      forced: "zoo-balance; fwd=request; ttl=60; detail=object",
    },
  ),
  "WWW-Authenticate": header("How to authenticate (RFC 6750).", text(128), {
    missing_credentials: 'Bearer realm="zoo-balance"',
    invalid_credentials: 'Bearer realm="zoo-balance", error="invalid_token"',
  }),
  "Retry-After": header("Seconds to wait before trying again.", RETRY_AFTER, { seconds: 5 }),
  Allow: header("The methods that the path supports.", text(64), { methods: "GET, HEAD" }),
  "Access-Control-Allow-Origin": {
    ...header("The origin of the web page that asks, if the operator allows it.", text(256), {
      capacitor: "capacitor://localhost",
    }),
    required: false,
  },
};

/** One that every answer has for which it is described. */
function header(description: string, schema: Json, examples: Examples): Json {
  return { description, required: true, schema, examples: named(examples) };
}

/** Of a request. Any text: what cannot be read in a header is ignored, not refused. */
export function parameter(name: string, description: string, examples: Examples): Json {
  const schema = { type: "string" };
  return { name, in: "header", required: false, description, schema, examples: named(examples) };
}

/** As OpenAPI holds examples. */
export function named(examples: Examples): Json {
  return Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }]));
}

/** On a 200 or 304 to a forced request alone. */
export const WHEN_FORCED: Readonly<Record<string, Json>> = {
  "Retry-After": {
    ...header(
      "Only when the request asked for a newer value than could be had, since the last call to Zoo is too recent or failed: seconds until it can.",
      RETRY_AFTER,
      { seconds: 8 },
    ),
    required: false,
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

const UNCACHED = { "Cache-Control": ref("headers", "No-Store") };
export const uncachedHeaders = { ...headersNamed(), ...UNCACHED };

export const CACHE_HEADERS = ["ETag", "Cache-Control", "Vary", "Date", "Age", "Cache-Status"];

/** JSON of a named schema. */
export const json = (schema: string, examples: Examples): Json => ({
  "application/json": { schema: ref("schemas", schema), examples: named(examples) },
});

/** The headers that an answer has beside those of all problems, by its status. */
const MORE: Readonly<Record<string, readonly string[]>> = {
  401: ["WWW-Authenticate"],
  405: ["Allow"],
  429: ["Retry-After"],
  502: ["Retry-After"],
  503: ["Retry-After"],
};

/** One response for each status that has problems, with an example for each of their codes. */
function problemResponses(): Record<string, Json> {
  const codes = Object.keys(PROBLEMS) as ProblemCode[];
  return Object.fromEntries(
    Object.entries(TITLES).map(([status, title]) => {
      const own = codes.filter((code) => PROBLEMS[code].status === Number(status));
      const examples = Object.fromEntries(own.map((code) => [code, exampleOf(code)]));
      return [
        nameOf(title),
        {
          description: own.map((code) => `\`${code}\`: ${PROBLEMS[code].detail}`).join(" "),
          headers: { ...headersNamed(...(MORE[status] ?? [])), ...UNCACHED },
          content: {
            "application/problem+json": {
              schema: ref("schemas", "Problem"),
              examples: named(examples),
            },
          },
        },
      ];
    }),
  );
}

const nameOf = (title: string) => title.replaceAll(" ", "");

function exampleOf(code: ProblemCode): z.infer<typeof problemSchema> {
  const { status, detail } = PROBLEMS[code];
  const title = TITLES[status];
  return { type: typeOf(code), title, status, code, detail, request_id: ID_EXAMPLE };
}

type Status = keyof typeof TITLES;

export const failures = (...statuses: Status[]): Record<string, Json> =>
  Object.fromEntries(statuses.map((status) => [status, ref("responses", nameOf(TITLES[status]))]));

export const PROBLEM_RESPONSES = problemResponses();
