/**
 * The API's description (OpenAPI 3.1), made of the schemas that validate the answers and of the table of
 * problems: what is said here besides are words, examples and limits.
 */
import * as z from "zod/mini";
import { credits, MONEY, money } from "../balance/record.ts";
import { statusViewSchema, viewSchema } from "../balance/view.ts";
import { MAX_DAYS, MAX_POINTS } from "../history/history.ts";
import { historySchema } from "../history/view.ts";
import { PROBLEMS, type ProblemCode, TITLES, typeOf } from "../problem.ts";
import { TIME, time, whole } from "../schema.ts";

type Json = Record<string, unknown>;

const httpStatus = whole(400, 599);
const problemSchema = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: httpStatus,
  code: z.string(),
  detail: z.string(),
  request_id: z.string(),
});

/** Said of the members of the answers, by their paths. */
const WORDS: Readonly<Record<string, Json>> = {
  account: {
    description: "The upstream account, as the credential says.",
    maxLength: 64,
    pattern: "^[A-Za-z0-9_.-]{1,64}$",
    examples: ["default"],
  },
  status: {
    description:
      "`contract` (a contract account with nothing available: the balance is not what limits it), `exhausted` (nothing available), `low` (less than the operator calls low), else `ok`. More words may come.",
  },
  currency: { description: "Always USD.", examples: ["USD"] },
  available: {
    description: "What can be spent: monthly plus prepaid, USD.",
    examples: ["146.72"],
  },
  monthly: { description: "Credits that come anew each month." },
  "monthly.remaining": { description: "USD.", examples: ["58.93"] },
  "monthly.allowance": { description: "What each month brings, USD.", examples: ["66.98"] },
  "monthly.units": { description: "The same in API credits.", examples: [1501] },
  "monthly.refreshes_at": {
    description: "When they come anew. In the past: they are about to.",
    examples: ["2026-12-11T15:30:00Z"],
  },
  prepaid: { description: "Credits that were bought." },
  "prepaid.remaining": { description: "USD.", examples: ["87.79"] },
  "prepaid.units": { description: "The same in API credits.", examples: [3000] },
  "prepaid.cash": {
    description: "The refundable part of `remaining`, USD; not more money.",
    examples: ["70.93"],
  },
  total_due: { description: "What is owed, USD.", examples: ["31.61"] },
  plan: { description: "Null without a subscription." },
  "plan.name": { description: "Zoo's name for it.", maxLength: 256, examples: ["pro_2026"] },
  "plan.title": { description: "The name to show.", maxLength: 256, examples: ["Pro"] },
  "plan.pricing": {
    description: "`flat`, `per_user` or `contract`. More words may come.",
    maxLength: 64,
    examples: ["flat"],
  },
  "plan.price": { description: "USD for each interval.", examples: ["29.00"] },
  "plan.interval": {
    description: "`month`, `year` and the like.",
    maxLength: 64,
    examples: ["month"],
  },
  "plan.support": {
    description: "The kind of support.",
    maxLength: 64,
    examples: ["standard_email"],
  },
  updated_at: {
    description: "When Zoo last changed the balance.",
    examples: ["2024-04-29T19:59:59Z"],
  },
  as_of: { description: "When the proxy had it from Zoo.", examples: ["2026-11-23T10:00:00Z"] },
  stale: {
    description: "Whether that is longer ago than the operator calls fresh.",
    examples: [false],
  },
  stale_reason: {
    description:
      "Why: `revalidating` (a new value is on its way), `upstream_unavailable`, `upstream_rejected`, `upstream_invalid`. Null when not stale. More words may come.",
  },
};

/** The same of the history. */
const HISTORY_WORDS: Readonly<Record<string, Json>> = {
  account: WORDS.account ?? {},
  currency: WORDS.currency ?? {},
  from: { description: "Where the excerpt begins.", examples: ["2026-10-25T10:00:00Z"] },
  to: { description: "Where it ends: now.", examples: ["2026-11-24T10:00:00Z"] },
  points: {
    description:
      "Oldest first. One where the balance changed, and at least one a day; after 7 days one an hour, after 90 one a day.",
    maxItems: MAX_POINTS,
  },
  "points.at": {
    description: "When the proxy had it from Zoo.",
    examples: ["2026-11-23T10:00:00Z"],
  },
  "points.available": { description: "Monthly plus prepaid, USD.", examples: ["146.72"] },
  "points.monthly": { description: "USD.", examples: ["58.93"] },
  "points.prepaid": { description: "USD.", examples: ["87.79"] },
  "points.total_due": { description: "USD.", examples: ["31.61"] },
  spend_per_day: {
    description: "The mean fall of `available` over the last 7 days, USD; rises are left out.",
    examples: ["4.20"],
  },
  lasts_until: {
    description: "When nothing is left, if it goes on so.",
    examples: ["2026-12-29T09:30:00Z"],
  },
  forecast_reason: {
    description:
      "Why there is no forecast: `not_enough_history` (less than a day of it) or `not_spending`. More words may come.",
  },
};

/** The same of problem details. */
const PROBLEM_WORDS: Readonly<Record<string, Json>> = {
  type: { description: "A URN for each code.", maxLength: 128, format: "uri" },
  status: { description: "The HTTP status." },
  title: {
    description: "The status in words.",
    maxLength: 64,
    pattern: "^[A-Za-z ]+$",
    examples: ["Unauthorized"],
  },
  detail: { description: "Fixed text for each code.", maxLength: 256, pattern: "^[ -~]+$" },
  code: {
    description: "What to decide by. More words may come.",
    maxLength: 64,
    pattern: "^[a-z_]+$",
  },
  request_id: {
    description: "Also in `X-Request-Id` and in the operator's log.",
    maxLength: 64,
    pattern: "^[\\w.:-]{1,64}$",
    examples: ["8f1c2d3e4a5b6c7d-FRA"],
  },
};

const HISTORY_EXAMPLE: z.infer<typeof historySchema> = {
  account: "default",
  currency: "USD",
  from: "2026-11-17T10:00:00Z",
  to: "2026-11-24T10:00:00Z",
  points: [
    {
      at: "2026-11-23T10:00:00Z",
      available: "146.72",
      monthly: "58.93",
      prepaid: "87.79",
      total_due: "31.61",
    },
  ],
  spend_per_day: "4.20",
  lasts_until: "2026-12-29T09:30:00Z",
  forecast_reason: null,
};

const EXAMPLE: z.infer<typeof viewSchema> = {
  account: "default",
  status: "ok",
  currency: "USD",
  available: "146.72",
  monthly: { remaining: "58.93", allowance: "66.98", units: null, refreshes_at: null },
  prepaid: { remaining: "87.79", units: null, cash: "70.93" },
  total_due: "31.61",
  plan: {
    name: "free",
    title: "free",
    pricing: "contract",
    price: null,
    interval: null,
    support: "standard",
  },
  updated_at: "2024-04-29T19:59:59Z",
  as_of: "2026-11-23T10:00:00Z",
  stale: false,
  stale_reason: null,
};

/** The JSON Schema of what a schema lets through, with {@link WORDS}. */
function schemaOf(schema: z.ZodMiniType, words = WORDS): Json {
  const { $schema: _, ...made } = z.toJSONSchema(schema, {
    override({ zodSchema, jsonSchema }) {
      const kind: unknown = zodSchema;
      if (kind === money) Object.assign(jsonSchema, { pattern: MONEY.source, maxLength: 64 });
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

function withWords({ properties, ...rest }: Json, words: typeof WORDS, path: string): Json {
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

const ref = (kind: string, name: string) => ({ $ref: `#/components/${kind}/${name}` });

const HEADERS: Readonly<Record<string, Json>> = {
  "X-Request-Id": header("Yours if it was sane, else Cloudflare's ray or a new one.", {
    type: "string",
    pattern: "^[\\w.:-]{1,64}$",
    maxLength: 64,
  }),
  ETag: header("Weak; over the body without `as_of`.", text(64)),
  "Cache-Control": header("`private, max-age=` seconds for which it is still fresh.", text(64)),
  Vary: header("`Authorization`, and `Origin` where web views are let in.", text(64)),
  Date: header("When it was answered. `Date` minus `Age` is `as_of`.", text(64)),
  Age: header("Seconds since the proxy had it from Zoo.", {
    type: "integer",
    format: "int64",
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
  }),
  "Cache-Status": header("RFC 9211: `hit` or `fwd=…`, `ttl`, and where it was found.", text(128)),
  "WWW-Authenticate": header("RFC 6750.", text(128)),
  "Retry-After": header("Seconds after which trying again may help.", {
    type: "integer",
    format: "int32",
    minimum: 1,
    maximum: 86_400,
  }),
  Allow: header("The methods that there are.", text(64)),
  "Access-Control-Allow-Origin": header(
    "The origin of the page that asks, if the operator lets it in; else there is none.",
    text(256),
  ),
};

function header(description: string, schema: Json): Json {
  return { description, schema };
}

function text(maxLength: number): Json {
  return { type: "string", maxLength, pattern: "^[ -~]*$" };
}

const headersNamed = (...names: string[]) =>
  Object.fromEntries(
    ["X-Request-Id", "Access-Control-Allow-Origin", ...names].map((name) => [
      name,
      ref("headers", name),
    ]),
  );

const HISTORY_HEADERS = ["ETag", "Cache-Control", "Vary", "Date"];
const CACHE_HEADERS = ["ETag", "Cache-Control", "Vary", "Date", "Age", "Cache-Status"];

/** One response for each status that has problems, with an example for each of their codes. */
function problemResponses(): Record<string, Json> {
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

const failures = (...statuses: (keyof typeof TITLES)[]) =>
  Object.fromEntries(
    statuses.map((status) => [status, ref("responses", TITLES[status].replaceAll(" ", ""))]),
  );

/** @returns the document, ready to be written as JSON */
export function openApiDocument(version: string): Json {
  const balance = {
    description:
      "The whole view; with the scope `balance:status`, the part of it that holds no amount.",
    headers: headersNamed(...CACHE_HEADERS),
    content: {
      "application/json": {
        schema: ref("schemas", "Balance"),
        examples: { balance: { value: EXAMPLE } },
      },
    },
  };
  return {
    openapi: "3.1.0",
    info: {
      title: "Zoo balance proxy",
      version,
      summary: "The balance of a Zoo account, for mobile apps.",
      description:
        "Keeps Zoo's API token, authenticates the apps' users, caches the balance and answers a small, validated view of it. Every key is always there; what Zoo did not say is null. Money is exact decimal text, times are UTC in whole seconds, and words are open: expect new ones.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [
      {
        url: "/",
        description: "The instance that this document comes from: production, staging or local.",
        "x-internal": false,
      },
    ],
    security: [{ bearer: [] }],
    tags: [
      { name: "balance", description: "What the account has." },
      { name: "service", description: "About the service itself." },
    ],
    paths: {
      "/v1/balance": {
        get: {
          operationId: "getBalance",
          summary: "The balance",
          description:
            "From memory or a cache while it is fresh; else refreshed, or answered stale with its reason. Never an error while there is a value that is not too old.",
          tags: ["balance"],
          parameters: [
            ref("parameters", "IfNoneMatch"),
            ref("parameters", "CacheControl"),
            ref("parameters", "XRequestId"),
            ref("parameters", "XFirebaseAppCheck"),
          ],
          responses: {
            200: balance,
            304: {
              description: "Nothing but `as_of` has changed: it is `Date` minus `Age`.",
              headers: headersNamed(...CACHE_HEADERS),
            },
            ...failures(401, 403, 405, 429, 500, 502, 503),
          },
        },
        head: {
          operationId: "headBalance",
          summary: "The balance's headers",
          description: "What a GET would answer, without the body.",
          tags: ["balance"],
          parameters: [
            ref("parameters", "IfNoneMatch"),
            ref("parameters", "CacheControl"),
            ref("parameters", "XRequestId"),
            ref("parameters", "XFirebaseAppCheck"),
          ],
          responses: {
            200: { description: balance.description, headers: balance.headers },
            304: {
              description: "Nothing but `as_of` has changed.",
              headers: headersNamed(...CACHE_HEADERS),
            },
            ...withoutBody(failuresOf(401, 403, 429, 500, 502, 503)),
          },
        },
      },
      "/v1/balance/history": {
        get: {
          operationId: "getBalanceHistory",
          summary: "What the balance was, and until when it lasts",
          description: "Needs the scope `balance:read`.",
          tags: ["balance"],
          parameters: [
            ref("parameters", "Days"),
            ref("parameters", "IfNoneMatch"),
            ref("parameters", "XRequestId"),
            ref("parameters", "XFirebaseAppCheck"),
          ],
          responses: {
            200: {
              description: "The points and the forecast.",
              headers: headersNamed(...HISTORY_HEADERS),
              content: {
                "application/json": {
                  schema: ref("schemas", "BalanceHistory"),
                  examples: { history: { value: HISTORY_EXAMPLE } },
                },
              },
            },
            304: {
              description: "No point has come since; the forecast moves with the time alone.",
              headers: headersNamed(...HISTORY_HEADERS),
            },
            ...failures(400, 401, 403, 405, 429, 500, 503),
          },
        },
      },
      "/health": {
        get: {
          operationId: "getHealth",
          summary: "Whether the configuration parses",
          description: "Needs no credential, and asks nobody else.",
          tags: ["service"],
          security: [],
          responses: {
            200: {
              description: "It does.",
              headers: headersNamed("Cache-Control"),
              content: {
                "application/json": {
                  schema: ref("schemas", "Health"),
                  examples: { ok: { value: { status: "ok" } } },
                },
              },
            },
            ...failures(405, 500),
          },
        },
      },
      "/openapi.json": {
        get: {
          operationId: "getOpenApi",
          summary: "This document",
          description: "OpenAPI 3.1.",
          tags: ["service"],
          security: [],
          responses: {
            200: {
              description: "The document.",
              content: { "application/json": { schema: { type: "object" } } },
            },
            ...failures(404),
          },
        },
      },
    },
    components: {
      schemas: {
        Balance: schemaOf(viewSchema),
        BalanceStatus: schemaOf(statusViewSchema),
        BalanceHistory: schemaOf(historySchema, HISTORY_WORDS),
        Problem: schemaOf(problemSchema, PROBLEM_WORDS),
        Health: {
          type: "object",
          properties: {
            status: {
              type: "string",
              pattern: "^ok$",
              maxLength: 2,
              description: "`ok`.",
              examples: ["ok"],
            },
          },
          required: ["status"],
        },
      },
      headers: HEADERS,
      parameters: {
        Days: {
          name: "days",
          in: "query",
          required: false,
          description: "How far back.",
          schema: {
            type: "integer",
            format: "int32",
            minimum: 1,
            maximum: MAX_DAYS,
            default: 30,
          },
        },
        IfNoneMatch: parameter("If-None-Match", "The `ETag` of the last answer.", text(1_024)),
        CacheControl: parameter(
          "Cache-Control",
          "`no-cache` or `max-age=N`: a value no older than that, if Zoo can be asked again already.",
          text(256),
        ),
        XRequestId: parameter("X-Request-Id", "For the log.", {
          type: "string",
          pattern: "^[\\w.:-]{1,64}$",
          maxLength: 64,
        }),
        XFirebaseAppCheck: parameter(
          "X-Firebase-AppCheck",
          "A Firebase App Check token, where the operator asks for one.",
          text(4_096),
        ),
      },
      responses: problemResponses(),
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          description:
            "A JWT of one of the operator's identity providers, checked as RFC 8725 asks (asymmetric signatures only; `exp` and `sub` required), or an API key of the service (`zbp_…`).",
        },
      },
    },
  };
}

function parameter(name: string, description: string, schema: Json): Json {
  return { name, in: "header", required: false, description, schema };
}

/** In full, since an answer to HEAD has no body that a reference would promise. */
function failuresOf(...statuses: (keyof typeof TITLES)[]): Record<string, Json> {
  const responses = problemResponses();
  return Object.fromEntries(
    statuses.map((status) => [status, responses[TITLES[status].replaceAll(" ", "")] ?? {}]),
  );
}

function withoutBody(responses: Record<string, Json>): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(responses).map(([status, { content: _, ...rest }]) => [status, rest]),
  );
}
