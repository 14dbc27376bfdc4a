/** Whether an answer is one that the API's description promises. */
import { readFileSync } from "node:fs";
import type { Ajv2020 } from "ajv/dist/2020.js";
import { validatorOf } from "../described.ts";

type Json = Readonly<Record<string, unknown>>;
interface Described {
  readonly paths: Record<string, Record<string, { responses: Record<string, Json> }>>;
  readonly webhooks: Record<
    string,
    { post: { requestBody: { content: Record<"application/json", { schema: Json }> } } }
  >;
}

let loaded: { document: Described & Json; ajv: Ajv2020 } | undefined;

function load() {
  if (loaded === undefined) {
    const document = JSON.parse(readFileSync("dist/site/openapi.json", "utf8"));
    loaded = { document, ajv: validatorOf(document) };
  }
  return loaded;
}

function resolve(part: Json): Json {
  const { document } = load();
  const ref = part.$ref;
  if (typeof ref !== "string") return part;
  const names = ref.slice("#/".length).split("/");
  return names.reduce((at: Json, name) => at[name] as Json, document);
}

const pointer = (schema: Json) => `api${String(schema.$ref)}`;

/** @throws Error that says what differs; @param response is not consumed */
export async function conform(
  method: "get" | "head",
  path: string,
  response: Response,
): Promise<void> {
  const { document, ajv } = load();
  const { status, headers } = response;
  const where = `${method} ${path} ${status}`;
  const described = document.paths[path]?.[method]?.responses[status];
  if (described === undefined) throw new Error(`${where} is not described`);
  const { headers: promised = {}, content } = resolve(described) as {
    headers?: Json;
    content?: Json;
  };
  for (const [name, header] of Object.entries(promised)) {
    const value = headers.get(name);
    const { schema, required } = resolve(header as Json) as { schema: Json; required: boolean };
    if (value === null) {
      if (!required) continue;
      throw new Error(`${where} has no ${name}`);
    }
    const typed = schema.type === "integer" ? Number(value) : value;
    if (!ajv.validate(schema, typed))
      throw new Error(`${where}, ${name}: ${value}: ${ajv.errorsText()}`);
  }
  const text = await response.clone().text();
  if (content === undefined) {
    if (text !== "") throw new Error(`${where} has a body`);
    // Of static files, Cloudflare says the type even then.
    const isAsset = path === "/openapi.json";
    if (status === 304 && !isAsset && headers.has("content-type")) {
      throw new Error(`${where} has a Content-Type`);
    }
    return;
  }
  const [type = "", { schema = {} } = {}] = (Object.entries(content)[0] ?? []) as [
    string?,
    { schema?: Json }?,
  ];
  if (headers.get("content-type") !== type) throw new Error(`${where} is no ${type}`);
  if (schema.$ref !== undefined) conformTo(schema, text, where);
}

/** The same for the body of a webhook. @throws Error that says what differs */
export function conformWebhook(text: string): void {
  const { webhooks } = load().document;
  const { type } = JSON.parse(text) as { type: string };
  const webhook = webhooks[type];
  if (webhook === undefined) throw new Error(`${type} is not described`);
  conformTo(webhook.post.requestBody.content["application/json"].schema, text, type);
}

function conformTo(schema: Json, text: string, where: string): void {
  const { ajv } = load();
  const body: unknown = JSON.parse(text);
  const validator = ajv.getSchema(pointer(schema));
  if (validator === undefined) throw new Error(`${where}: ${String(schema.$ref)} is not there`);
  if (validator(body) !== true) {
    throw new Error(`${where}: ${ajv.errorsText(validator.errors)} in ${text}`);
  }
  const extra = undescribed(body, schema);
  if (extra.length > 0) throw new Error(`${where}: ${extra.join(", ")} is not described`);
}

/** Members that the description does not name: allowed to a later version, but not by accident. */
function undescribed(value: unknown, described: unknown): string[] {
  const schema = resolve(Object(described));
  if (Array.isArray(value)) return value.flatMap((item) => undescribed(item, schema.items));
  if (typeof value !== "object" || value === null) return [];
  const properties: Json = Object(schema.properties);
  return Object.entries(value).flatMap(([name, member]) =>
    name in properties ? undescribed(member, properties[name]) : [name],
  );
}
