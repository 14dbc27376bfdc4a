/** Whether an answer is one that the API's description promises. */
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

type Json = Readonly<Record<string, unknown>>;
interface Described {
  readonly paths: Record<string, Record<string, { responses: Record<string, Json> }>>;
}

let loaded: { document: Described & Json; ajv: Ajv2020 } | undefined;

function load() {
  if (loaded === undefined) {
    const document = JSON.parse(readFileSync("dist/site/openapi.json", "utf8"));
    // Examples are said in the document's way, and media types are no formats.
    const ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats.default(ajv);
    ajv.addSchema(document, "api");
    loaded = { document, ajv };
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
    if (value === null) {
      // Those that depend on the request or the configuration.
      if (
        ["access-control-allow-origin", "cache-control", "retry-after"].includes(name.toLowerCase())
      )
        continue;
      throw new Error(`${where} has no ${name}`);
    }
    const { schema } = resolve(header as Json) as { schema: Json };
    const typed = schema.type === "integer" ? Number(value) : value;
    if (!ajv.validate(schema, typed))
      throw new Error(`${where}, ${name}: ${value}: ${ajv.errorsText()}`);
  }
  const text = await response.clone().text();
  if (content === undefined) {
    if (text !== "") throw new Error(`${where} has a body`);
    return;
  }
  const [type = "", { schema = {} } = {}] = (Object.entries(content)[0] ?? []) as [
    string?,
    { schema?: Json }?,
  ];
  if (headers.get("content-type") !== type) throw new Error(`${where} is no ${type}`);
  const body: unknown = JSON.parse(text);
  const statusAlone =
    schema.$ref === "#/components/schemas/Balance" && !text.includes('"available"');
  const validator = ajv.getSchema(
    pointer(statusAlone ? { $ref: "#/components/schemas/BalanceStatus" } : schema),
  );
  if (validator === undefined) throw new Error(`${where}: ${String(schema.$ref)} is not there`);
  if (validator(body) !== true)
    throw new Error(`${where}: ${ajv.errorsText(validator.errors)} in ${text}`);
}
