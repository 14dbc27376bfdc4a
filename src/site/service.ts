/** What the service says of itself, to anybody: its health, whether it is ready, and this description. */
import { type Json, MAX_WORD, type Words } from "./json-schema.ts";
import { readable } from "./operations.ts";
import { failures, json, named, text, uncachedHeaders } from "./responses.ts";

const VERSION = "0f5a1d9e-6a0e-4c53-9b1c-2f2f1e0d8a11";

export const SERVICE_PATHS: Readonly<Record<string, Json>> = {
  "/health": readable("Health", {
    summary: "Whether the configuration is valid",
    description: "Needs no credential, and calls nothing else.",
    tags: ["service"],
    security: [],
    responses: {
      200: {
        description: "The configuration is valid.",
        headers: uncachedHeaders,
        content: json("Health", { ok: { status: "ok", version: VERSION } }),
      },
      ...failures(405, 500),
    },
  }),
  "/ready": readable("Ready", {
    summary: "Whether the balance of every account could be read recently",
    description: "For monitors and load balancers. Needs no credential, and never calls Zoo.",
    tags: ["service"],
    security: [],
    responses: {
      200: {
        description: "Every balance was read within `READY_SECONDS`.",
        headers: uncachedHeaders,
        content: json("Ready", { ready: { status: "ready", version: VERSION } }),
      },
      503: {
        description:
          "At least one balance was not read within `READY_SECONDS`. The operator's log names the accounts.",
        headers: uncachedHeaders,
        content: json("NotReady", { stale: { status: "stale", accounts: 1, version: VERSION } }),
      },
      ...failures(405, 500),
    },
  }),
  "/openapi.json": readable("OpenApi", {
    summary: "This description of the API",
    description: "OpenAPI 3.1.",
    tags: ["service"],
    security: [],
    responses: {
      200: {
        description: "The description.",
        headers: assetHeaders(),
        content: {
          "application/json": {
            schema: { type: "object" },
            examples: named({ openapi: { openapi: "3.1.0" } }),
          },
        },
      },
      304: { description: "It has not changed.", headers: assetHeaders() },
    },
  }),
};

/** Of a static file, which is served before the Worker runs. */
function assetHeaders(): Json {
  const tag = { description: "Changes when the file does.", required: true, schema: text(128) };
  return { ETag: { ...tag, examples: named({ strong: '"a1b2c3d4e5f60718"' }) } };
}

const ACCOUNTS: Json = {
  type: "integer",
  format: "int32",
  minimum: 1,
  maximum: 1_000,
  description: "How many accounts have a balance that was not read within `READY_SECONDS`.",
  examples: [1],
};

export const SERVICE_SCHEMAS: Readonly<Record<string, Json>> = {
  Health: stateSchema("The configuration is valid.", "ok"),
  Ready: stateSchema("Every balance was read recently.", "ready"),
  NotReady: stateSchema("Some balance was not read recently.", "stale", { accounts: ACCOUNTS }),
};

/** How the service is, and in which version. */
function stateSchema(description: string, status: string, more: Words = {}): Json {
  const properties = {
    status: {
      type: "string",
      maxLength: MAX_WORD,
      description: `\`${status}\`.`,
      examples: [status],
    },
    ...more,
    version: {
      type: "string",
      pattern: "^[\\w.-]{1,64}$",
      maxLength: 64,
      description: "The deployed version; `local` where nothing is deployed.",
      examples: [VERSION],
    },
  };
  return { type: "object", description, properties, required: Object.keys(properties) };
}
