/**
 * The API's description (OpenAPI 3.1): its routes, put together from the schemas that validate the answers,
 * the table of problems, and what `descriptions.ts` says of their members.
 */
import { statusViewSchema, viewSchema } from "../balance/view.ts";
import { DEFAULT_DAYS, MAX_DAYS } from "../history/store.ts";
import { historySchema } from "../history/view.ts";
import {
  BALANCE_EXAMPLE,
  HISTORY_EXAMPLE,
  OF_BALANCE,
  OF_HISTORY,
  OF_PROBLEMS,
  REQUEST_ID,
} from "./descriptions.ts";
import { type Json, schemaOf } from "./json-schema.ts";
import {
  CACHE_HEADERS,
  failures,
  failuresOfHead,
  HEADERS,
  HISTORY_HEADERS,
  headersNamed,
  problemResponses,
  problemSchema,
  ref,
  text,
} from "./responses.ts";

/** By the names that they have below. */
const named = (...names: string[]) => names.map((name) => ref("parameters", name));

/** @returns the document, ready to be written as JSON */
export function openApiDocument(version: string): Json {
  const balance = {
    description:
      "The whole view; with the scope `balance:status`, the part of it that holds no amount.",
    headers: headersNamed(...CACHE_HEADERS),
    content: {
      "application/json": {
        schema: ref("schemas", "Balance"),
        examples: { balance: { value: BALANCE_EXAMPLE } },
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
          parameters: named("IfNoneMatch", "CacheControl", "XRequestId", "XFirebaseAppCheck"),
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
          parameters: named("IfNoneMatch", "CacheControl", "XRequestId", "XFirebaseAppCheck"),
          responses: {
            200: { description: balance.description, headers: balance.headers },
            304: {
              description: "Nothing but `as_of` has changed.",
              headers: headersNamed(...CACHE_HEADERS),
            },
            ...failuresOfHead(401, 403, 429, 500, 502, 503),
          },
        },
      },
      "/v1/balance/history": {
        get: {
          operationId: "getBalanceHistory",
          summary: "What the balance was, and until when it lasts",
          description: "Needs the scope `balance:read`.",
          tags: ["balance"],
          parameters: named("Days", "IfNoneMatch", "XRequestId", "XFirebaseAppCheck"),
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
        Balance: schemaOf(viewSchema, OF_BALANCE),
        BalanceStatus: schemaOf(statusViewSchema, OF_BALANCE),
        BalanceHistory: schemaOf(historySchema, OF_HISTORY),
        Problem: schemaOf(problemSchema, OF_PROBLEMS),
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
            default: DEFAULT_DAYS,
          },
        },
        IfNoneMatch: parameter("If-None-Match", "The `ETag` of the last answer.", text(1_024)),
        CacheControl: parameter(
          "Cache-Control",
          "`no-cache` or `max-age=N`: a value no older than that, if Zoo can be asked again already.",
          text(256),
        ),
        XRequestId: parameter("X-Request-Id", "For the log.", REQUEST_ID),
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
