/**
 * The API's description (OpenAPI 3.1): its routes, put together from the schemas that validate the answers,
 * the table of problems, and what `descriptions.ts` says of their members.
 */
import { statusViewSchema, viewSchema } from "../balance/view.ts";
import { MAX_DAYS } from "../history/retention.ts";
import { DEFAULT_DAYS } from "../history/store.ts";
import { historySchema } from "../history/view.ts";
import {
  BALANCE_EXAMPLE,
  HISTORY_EXAMPLE,
  OF_BALANCE,
  OF_HISTORY,
  OF_PROBLEMS,
  REQUEST_ID,
  STATUS_EXAMPLE,
} from "./descriptions.ts";
import { type Json, schemaOf } from "./json-schema.ts";
import {
  CACHE_HEADERS,
  failures,
  HEADERS,
  headersNamed,
  problemResponses,
  problemSchema,
  ref,
  text,
} from "./responses.ts";
import { parametersNamed, viewPath } from "./view-path.ts";

/** @returns the document, ready to be written as JSON */
export function openApiDocument(version: string): Json {
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
      "/v1/balance": viewPath({
        operation: "Balance",
        summary: "The balance",
        scope: "Needs the scope `balance:read`.",
        shown: "The balance.",
        schema: "Balance",
        example: BALANCE_EXAMPLE,
      }),
      "/v1/balance/status": viewPath({
        operation: "BalanceStatus",
        summary: "How the account stands",
        scope: "For either scope: what widgets, watches and monitors ask.",
        shown: "How the account stands, and no amount.",
        schema: "BalanceStatus",
        example: STATUS_EXAMPLE,
      }),
      "/v1/balance/history": {
        get: {
          operationId: "getBalanceHistory",
          summary: "What the balance was, and until when it lasts",
          description: "Needs the scope `balance:read`.",
          tags: ["balance"],
          parameters: parametersNamed("Days", "IfNoneMatch", "XRequestId", "XFirebaseAppCheck"),
          responses: {
            200: {
              description: "The points and the forecast.",
              headers: headersNamed(...CACHE_HEADERS),
              content: {
                "application/json": {
                  schema: ref("schemas", "BalanceHistory"),
                  examples: { history: { value: HISTORY_EXAMPLE } },
                },
              },
            },
            304: {
              description: "No point has come since; the forecast moves with the time alone.",
              headers: headersNamed(...CACHE_HEADERS),
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
                  examples: { ok: { value: { status: "ok", version: VERSION_EXAMPLE } } },
                },
              },
            },
            ...failures(405, 500),
          },
        },
      },
      "/ready": {
        get: {
          operationId: "getReady",
          summary: "Whether every account had a success lately",
          description: "Needs no credential, and never asks Zoo. For monitors and load balancers.",
          tags: ["service"],
          security: [],
          responses: {
            200: readiness("Every account had one within READY_SECONDS.", "Ready", READY_EXAMPLE),
            503: readiness("Some had not; which ones, the log tells.", "NotReady", STALE_EXAMPLE),
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
        Health: stateSchema("ok"),
        Ready: stateSchema("ready"),
        NotReady: stateSchema("stale", {
          accounts: {
            type: "integer",
            format: "int32",
            minimum: 1,
            maximum: 1_000,
            description: "How many accounts had no success within READY_SECONDS.",
          },
        }),
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
          "`no-cache` or `max-age=N`: a value no older than that, if Zoo can be asked again already. `max-stale=N`: what is stored, at once. `only-if-cached`: what is stored, or 504.",
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

const VERSION_EXAMPLE = "0f5a1d9e-6a0e-4c53-9b1c-2f2f1e0d8a11";
const READY_EXAMPLE = { status: "ready", version: VERSION_EXAMPLE };
const STALE_EXAMPLE = { status: "stale", accounts: 1, version: VERSION_EXAMPLE };

function readiness(description: string, schema: string, value: Json): Json {
  const content = {
    schema: ref("schemas", schema),
    examples: { [String(value.status)]: { value } },
  };
  const headers = headersNamed("Cache-Control");
  return { description, headers, content: { "application/json": content } };
}

/** How the service is, and in which version. */
function stateSchema(status: string, more: Readonly<Record<string, Json>> = {}): Json {
  const properties = {
    status: {
      type: "string",
      pattern: `^${status}$`,
      maxLength: status.length,
      description: `\`${status}\`.`,
      examples: [status],
    },
    ...more,
    version: {
      type: "string",
      pattern: "^[\\w.-]{1,64}$",
      maxLength: 64,
      description: "The deployed version; `local` where nothing was deployed.",
      examples: [VERSION_EXAMPLE],
    },
  };
  return { type: "object", properties, required: Object.keys(properties) };
}

function parameter(name: string, description: string, schema: Json): Json {
  return { name, in: "header", required: false, description, schema };
}
