/**
 * The API's description (OpenAPI 3.1): its routes, put together from the schemas that validate the answers,
 * the table of problems, and what `descriptions.ts` says of their members.
 */
import { planSchema } from "../balance/record.ts";
import { statusViewSchema, viewSchema } from "../balance/view.ts";
import { MAX_DAYS } from "../history/retention.ts";
import { DEFAULT_DAYS } from "../history/store.ts";
import { daySchema, historySchema, pointSchema } from "../history/view.ts";
import { WORDS } from "./descriptions.ts";
import { BALANCES, HISTORIES, STATUSES } from "./examples.ts";
import { type Json, schemasOf } from "./json-schema.ts";
import { parametersNamed, readable, viewPath } from "./operations.ts";
import {
  CACHE_HEADERS,
  failures,
  HEADERS,
  headersNamed,
  json,
  named,
  PROBLEM_RESPONSES,
  parameter,
  problemSchema,
} from "./responses.ts";
import { SERVICE_PATHS, SERVICE_SCHEMAS } from "./service.ts";
import { EVENT_SCHEMAS, EVENT_WORDS, WEBHOOK_HEADERS, webhooks } from "./webhooks.ts";

const { monthly, prepaid } = viewSchema.shape;

const SCHEMAS = {
  Balance: viewSchema,
  Monthly: monthly,
  Prepaid: prepaid,
  Plan: planSchema,
  BalanceStatus: statusViewSchema,
  BalanceHistory: historySchema,
  Point: pointSchema,
  DaySpent: daySchema,
  Problem: problemSchema,
  ...EVENT_SCHEMAS,
};

/** @returns the document, ready to be written as JSON */
export function openApiDocument(version: string): Json {
  return {
    openapi: "3.1.0",
    info: {
      title: "Zoo balance proxy",
      version,
      summary: "The balance of a Zoo account, for mobile apps.",
      description:
        "Mobile apps ask this service for the balance of a Zoo account. It authenticates their users, and keeps Zoo's API token to itself. Every member of an answer is always there: what is not known is null. Amounts are exact decimal numbers as text, in USD. Times are UTC, in whole seconds. New members, and new words in members such as `status`, may come at any time.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [
      {
        url: "/",
        description: "The deployment that serves this document: production, staging or local.",
        "x-internal": false,
      },
    ],
    security: [{ bearer: [] }],
    tags: [
      { name: "balance", description: "What an account has." },
      { name: "service", description: "The state of the service itself." },
      { name: "alerts", description: "The webhooks that receivers of alerts get." },
    ],
    paths: {
      "/v1/balance": viewPath("Balance", {
        summary: "The balance",
        scope: "Needs the scope `balance:read`.",
        shown: "The balance.",
        examples: BALANCES,
      }),
      "/v1/balance/status": viewPath("BalanceStatus", {
        summary: "Whether the balance is enough",
        scope:
          "For widgets, watches and monitors. Needs the scope `balance:read` or `balance:status`.",
        shown: "The status, without any amount.",
        examples: STATUSES,
      }),
      "/v1/balance/history": readable("BalanceHistory", {
        summary: "How the balance developed, and how long it will last",
        description: "Needs the scope `balance:read`.",
        tags: ["balance"],
        parameters: parametersNamed(
          "Days",
          "IfNoneMatch",
          "HistoryCacheControl",
          "XRequestId",
          "XFirebaseAppCheck",
        ),
        responses: {
          200: {
            description: "The history and the forecast.",
            headers: headersNamed(...CACHE_HEADERS),
            content: json("BalanceHistory", HISTORIES),
          },
          304: {
            description:
              "There is no new point. (`from`, `to` and the forecast move on with time alone.)",
            headers: headersNamed(...CACHE_HEADERS),
          },
          ...failures(400, 401, 403, 405, 429, 500, 503),
        },
      }),
      ...SERVICE_PATHS,
    },
    webhooks: webhooks(),
    components: {
      schemas: { ...schemasOf(SCHEMAS, { ...WORDS, ...EVENT_WORDS }), ...SERVICE_SCHEMAS },
      headers: HEADERS,
      parameters: {
        Days: {
          name: "days",
          in: "query",
          required: false,
          description: "How many days back.",
          schema: {
            type: "integer",
            format: "int32",
            minimum: 1,
            maximum: MAX_DAYS,
            default: DEFAULT_DAYS,
          },
          examples: named({ week: 7 }),
        },
        IfNoneMatch: parameter(
          "If-None-Match",
          "The `ETag` of the last answer: if it still holds, the answer is a 304 without a body.",
          { last: 'W/"0f5a1d9e6a0e4c539b1c2f2f1e0d8a11"' },
        ),
        CacheControl: parameter(
          "Cache-Control",
          "`no-cache`: fetch a new value from Zoo; `max-age=N`: the same, unless the stored one is at most N seconds old. Either is done only if the last call to Zoo is long enough ago; `max-age=0` beside `If-None-Match`, which browsers add, asks for nothing new. `max-stale`: the stored value at once, however stale; `max-stale=N`: if it has been stale for at most N seconds. `only-if-cached`: the stored value at once, or a 504.",
          { pull_to_refresh: "no-cache", at_start: "max-stale=86400" },
        ),
        HistoryCacheControl: parameter(
          "Cache-Control",
          "`no-cache`: look whether there is a new point; `max-age=N`: the same, unless that was done within the last N seconds.",
          { pull_to_refresh: "no-cache" },
        ),
        XRequestId: parameter(
          "X-Request-Id",
          "An id of your own, by which the operator's log can be searched: up to 64 letters, digits and `_.:-`. Anything else is ignored.",
          { own: "8f1c2d3e-4a5b" },
        ),
        XFirebaseAppCheck: parameter(
          "X-Firebase-AppCheck",
          "A token of Firebase App Check, if the operator requires one.",
          { token: "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl" },
        ),
        ...WEBHOOK_HEADERS,
      },
      responses: PROBLEM_RESPONSES,
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          description:
            "A JWT from an identity provider that the operator has configured (with an asymmetric signature, `exp` and `sub`), or an API key of this service (`zbp_…`). Which scopes a JWT has is in its claim `scope` (a string) or `scp` (a list), or in the claim that the operator has configured; one that names no scope of this service has `balance:read`. On a 401, get a new token and try again, once.",
        },
      },
    },
  };
}
