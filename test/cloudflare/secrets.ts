/** Secrets of a Worker: each change is a version, live at once, or only added to the latest. */
import * as z from "zod";
import type { Script } from "./account.ts";
import { jsonOf, ok, Refusal, type Routes } from "./call.ts";
import { scriptOf, shown } from "./scripts.ts";
import { addSecretVersion, deploy, latestIsLive } from "./versions.ts";

const secretSchema = z.object({ name: z.string(), text: z.string() });
/** Of a merge patch: null deletes. */
const secretsSchema = z.record(z.string(), z.object({ text: z.string() }).nullable());
const bulkSchema = z.object({ secrets: secretsSchema });
const latestSchema = z.object({ env: secretsSchema });

function textsOf(secrets: z.infer<typeof secretsSchema>): Record<string, string | null> {
  const texts = Object.entries(secrets).map(([name, secret]) => [name, secret?.text ?? null]);
  return Object.fromEntries(texts);
}

/** @throws Refusal, while the latest version is not live, or not alone */
function deploySecrets(script: Script, secrets: Readonly<Record<string, string | null>>): void {
  if (!latestIsLive(script)) {
    throw new Refusal(400, 10215, "The latest version of your Worker is not currently deployed.");
  }
  const { id } = addSecretVersion(script, secrets, "secret");
  deploy(script, [{ version_id: id, percentage: 100 }], { by: "secret" });
}

export const SECRET_ROUTES: Routes = {
  "GET /workers/scripts/:name/secrets"(call, { name }) {
    const bindings = scriptOf(call, name).versions.at(-1)?.bindings ?? [];
    return ok(bindings.filter(({ type }) => type === "secret_text").map(shown));
  },
  "PUT /workers/scripts/:name/secrets"(call, { name }) {
    const secret = secretSchema.parse(jsonOf(call));
    deploySecrets(scriptOf(call, name), { [secret.name]: secret.text });
    return ok({ name: secret.name, type: "secret_text" });
  },
  "PATCH /workers/scripts/:name/secrets-bulk"(call, { name }) {
    const { secrets } = bulkSchema.parse(jsonOf(call));
    deploySecrets(scriptOf(call, name), textsOf(secrets));
    return ok(null);
  },
  "DELETE /workers/scripts/:name/secrets/:secret"(call, { name, secret = "" }) {
    const script = scriptOf(call, name);
    const bindings = script.versions.at(-1)?.bindings ?? [];
    if (!bindings.some((binding) => binding.name === secret && binding.type === "secret_text")) {
      throw new Refusal(404, 10056, "Secret binding not found.");
    }
    deploySecrets(script, { [secret]: null });
    return ok(null);
  },
  "PATCH /workers/workers/:name/versions/latest"(call, { name }) {
    const { env } = latestSchema.parse(jsonOf(call));
    const { id } = addSecretVersion(scriptOf(call, name), textsOf(env), "version_upload");
    return ok({ id });
  },
};
