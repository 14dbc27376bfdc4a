/** Workers: uploads, versions, deployments, settings, and where they are reached. */
import * as z from "zod";
import {
  type Account,
  type Binding,
  type Metadata,
  newId,
  type Script,
  type Version,
} from "./account.ts";
import { type Call, jsonOf, ok, page, partsOf, Refusal, type Routes } from "./call.ts";
import { addVersion, deploy, type Upload } from "./versions.ts";

const texts = z.record(z.string(), z.string());
const classes = z.array(z.string()).default([]);
const metadataSchema = z.object({
  compatibility_date: z.string().optional(),
  bindings: z.array(z.looseObject({ name: z.string(), type: z.string() })).default([]),
  keep_bindings: z.array(z.string()).default([]),
  annotations: texts.default({}),
  code_update_strategy: z.object({ mode: z.string() }).optional(),
  tags: z.array(z.string()).optional(),
  migrations: z
    .object({
      old_tag: z.string().optional(),
      new_tag: z.string(),
      steps: z.array(z.object({ new_classes: classes, new_sqlite_classes: classes })).default([]),
    })
    .optional(),
  assets: z
    .object({ jwt: z.string(), config: z.object({ _headers: z.string().optional() }).optional() })
    .optional(),
});
const sharesSchema = z.object({
  versions: z.array(z.object({ version_id: z.string(), percentage: z.number() })),
  annotations: texts.default({}),
  code_update_strategy: z.object({ mode: z.string() }).optional(),
});
const subdomainSchema = z.object({
  enabled: z.boolean(),
  previews_enabled: z.boolean().default(false),
});

async function uploadOf(call: Call): Promise<Upload> {
  const parts = await partsOf(call);
  const given = parts.get("metadata") ?? "{}";
  const text = typeof given === "string" ? given : await given.text();
  const { migrations, assets, ...rest } = metadataSchema.parse(JSON.parse(text));
  const metadata: Metadata = {
    ...rest,
    migrations: migrations && {
      ...migrations,
      classes: migrations.steps.flatMap((step) => [
        ...step.new_classes,
        ...step.new_sqlite_classes,
      ]),
    },
    assets: assets && { jwt: assets.jwt, headers: assets.config?._headers },
  };
  const files = [...parts.values()].filter((part) => typeof part !== "string");
  const modules = files
    .filter((file) => file.name !== "metadata")
    .map(async (file) => ({ name: file.name, type: file.type, text: await file.text() }));
  return { metadata, modules: await Promise.all(modules) };
}

/** @throws Refusal, where there is no such Worker */
export function scriptOf({ account }: Call, name = ""): Script {
  const script = account.scripts.get(name);
  if (script === undefined) {
    throw new Refusal(404, 10007, "This Worker does not exist on your account.");
  }
  return script;
}

function newScript(name: string): Script {
  return {
    name,
    tag: newId(),
    tags: [],
    versions: [],
    deployments: [],
    classes: new Set(),
    migrationTag: undefined,
    schedules: [],
    subdomain: { enabled: false, previews_enabled: false },
    settings: {},
  };
}

/** A secret is never shown again. */
export const shown = (binding: Binding) =>
  binding.type === "secret_text" ? { name: binding.name, type: binding.type } : binding;

const versionView = (version: Version) => ({
  id: version.id,
  number: version.number,
  metadata: {
    created_on: version.created_on,
    modified_on: version.created_on,
    source: "wrangler",
    author_email: "operator@example.com",
    has_preview: false,
  },
  annotations: version.annotations,
  resources: {
    bindings: version.bindings.map(shown),
    script: { etag: version.id, handlers: ["fetch", "scheduled"], last_deployed_from: "wrangler" },
    script_runtime: { compatibility_date: version.compatibilityDate, usage_model: "standard" },
  },
  startup_time_ms: 7,
});

const subdomainView = (account: Account, { name, subdomain }: Script) => ({
  ...subdomain,
  ...(account.subdomain !== null && { url: `https://${name}.${account.subdomain}.workers.dev` }),
});

export const SCRIPT_ROUTES: Routes = {
  "GET /workers/services/:name"({ account }, { name = "" }) {
    const script = account.scripts.get(name);
    if (script === undefined) {
      throw new Refusal(404, 10090, "This service does not exist on your account.");
    }
    const { tag, tags, migrationTag } = script;
    const about = { id: name, tag, tags, migration_tag: migrationTag };
    const last = { last_deployed_from: "wrangler", etag: tag, handlers: ["fetch"] };
    const environment = "production";
    return ok({ id: name, default_environment: { environment, script: { ...about, ...last } } });
  },
  async "PUT /workers/scripts/:name"(call, { name = "" }) {
    const upload = await uploadOf(call);
    const script = call.account.scripts.get(name) ?? newScript(name);
    const { id } = addVersion(call.account, script, upload, "upload");
    const codeUpdate = upload.metadata.code_update_strategy?.mode;
    deploy(script, [{ version_id: id, percentage: 100 }], {
      by: "upload",
      force: true,
      codeUpdate,
    });
    script.tags = upload.metadata.tags ?? script.tags;
    call.account.scripts.set(name, script);
    const { tag } = script;
    return ok({
      id: name,
      tag,
      etag: id,
      startup_time_ms: 7,
      deployment_id: id.replaceAll("-", ""),
    });
  },
  "GET /workers/scripts/:name/settings"(call, { name }) {
    const script = scriptOf(call, name);
    const latest = script.versions.at(-1);
    return ok({ bindings: latest?.bindings.map(shown) ?? [], tags: script.tags });
  },
  "GET /workers/scripts/:name/script-settings"(call, { name }) {
    const { tags, settings } = scriptOf(call, name);
    return ok({ ...settings, tags });
  },
  "PATCH /workers/scripts/:name/script-settings"(call, { name }) {
    const script = scriptOf(call, name);
    script.settings = { ...script.settings, ...Object(jsonOf(call)) };
    return ok({ ...script.settings, tags: script.tags });
  },
  "GET /workers/scripts/:name/versions"(call, { name }) {
    const items = [...scriptOf(call, name).versions].reverse().map(versionView);
    return ok({ items }, { result_info: { page: 1, per_page: 50, total_pages: 1 } });
  },
  async "POST /workers/scripts/:name/versions"(call, { name }) {
    const script = scriptOf(call, name);
    const upload = await uploadOf(call);
    if (upload.metadata.migrations !== undefined) {
      throw new Refusal(
        400,
        10211,
        'migrations must be fully applied by running "wrangler deploy"',
      );
    }
    return ok(versionView(addVersion(call.account, script, upload, "version_upload")));
  },
  "GET /workers/scripts/:name/versions/:id"(call, { name, id }) {
    const version = scriptOf(call, name).versions.find((known) => known.id === id);
    if (version === undefined) throw new Refusal(404, 10205, "Version not found");
    return ok(versionView(version));
  },
  "GET /workers/scripts/:name/deployments"(call, { name }) {
    const about = { source: "wrangler", strategy: "percentage", author_email: "o@example.com" };
    const { deployments } = scriptOf(call, name);
    return ok({ deployments: deployments.map((deployment) => ({ ...about, ...deployment })) });
  },
  "POST /workers/scripts/:name/deployments"(call, { name }) {
    const given = sharesSchema.parse(jsonOf(call));
    const { id } = deploy(scriptOf(call, name), given.versions, {
      by: given.annotations["workers/triggered_by"] ?? "deployment",
      message: given.annotations["workers/message"],
      force: call.query.get("force") === "true",
      codeUpdate: given.code_update_strategy?.mode,
    });
    return ok({ id });
  },
  "GET /workers/workers/:name"(call, { name }) {
    const script = scriptOf(call, name);
    const { tag, tags } = script;
    return ok({ id: tag, name, tags, subdomain: subdomainView(call.account, script) });
  },
  "POST /workers/scripts/:name/subdomain"(call, { name }) {
    const script = scriptOf(call, name);
    script.subdomain = subdomainSchema.parse(jsonOf(call));
    return ok(subdomainView(call.account, script));
  },
  "GET /workers/scripts/:name/subdomain": (call, { name }) =>
    ok(subdomainView(call.account, scriptOf(call, name))),
  "PUT /workers/scripts/:name/schedules"(call, { name }) {
    const script = scriptOf(call, name);
    script.schedules = jsonOf(call);
    return ok({ schedules: script.schedules });
  },
  "GET /workers/scripts": (call) =>
    page(
      call,
      [...call.account.scripts.keys()].map((id) => ({ id })),
    ),
};
