/** Workers KV: namespaces, values, metadata. */
import * as z from "zod";
import { type Account, type Namespace, newId } from "./account.ts";
import { type Call, jsonOf, ok, page, partsOf, Refusal, type Routes } from "./call.ts";

const MAX_METADATA_BYTES = 1_024;
const titleSchema = z.object({ title: z.string().min(1) });

function namespaceOf(account: Account, id = ""): Namespace {
  const namespace = account.namespaces.get(id);
  if (namespace === undefined) throw new Refusal(404, 10013, "namespace not found");
  return namespace;
}

async function entryOf(call: Call): Promise<{ value: string; metadata?: unknown }> {
  if (!(call.headers["content-type"] ?? "").startsWith("multipart/")) {
    return { value: call.body.toString("utf8") };
  }
  const parts = await partsOf(call);
  const text = async (name: string) => {
    const part = parts.get(name) ?? "";
    return typeof part === "string" ? part : part.text();
  };
  const metadata = await text("metadata");
  if (Buffer.byteLength(metadata) > MAX_METADATA_BYTES) {
    throw new Refusal(400, 10050, "metadata too large");
  }
  return { value: await text("value"), metadata: JSON.parse(metadata) };
}

export const KV_ROUTES: Routes = {
  "GET /storage/kv/namespaces": (call) =>
    page(
      call,
      [...call.account.namespaces].map(([id, { title }]) => ({ id, title })),
    ),
  "POST /storage/kv/namespaces"(call) {
    const { title } = titleSchema.parse(jsonOf(call));
    const taken = [...call.account.namespaces.values()].some((other) => other.title === title);
    if (taken) {
      const message = "a namespace with this account ID and title already exists";
      throw new Refusal(400, 10014, message);
    }
    const id = newId();
    call.account.namespaces.set(id, { title, values: new Map() });
    return ok({ id, title });
  },
  "DELETE /storage/kv/namespaces/:id"({ account }, { id = "" }) {
    namespaceOf(account, id);
    account.namespaces.delete(id);
    return ok(null);
  },
  "GET /storage/kv/namespaces/:id/keys"({ account }, { id }) {
    const { values } = namespaceOf(account, id);
    const keys = [...values].map(([name, { metadata }]) => ({ name, metadata }));
    return ok(keys, { result_info: { count: keys.length, cursor: "" } });
  },
  async "PUT /storage/kv/namespaces/:id/values/:key"(call, { id, key = "" }) {
    namespaceOf(call.account, id).values.set(key, await entryOf(call));
    return ok(null);
  },
  "DELETE /storage/kv/namespaces/:id/values/:key"({ account }, { id, key = "" }) {
    namespaceOf(account, id).values.delete(key);
    return ok(null);
  },
};
