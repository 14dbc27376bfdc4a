/** Versions and deployments: what an upload becomes, what it inherits, and what may be made live. */
import { randomUUID } from "node:crypto";
import {
  type Account,
  type Binding,
  type Deployment,
  liveVersion,
  type Metadata,
  type Module,
  type Script,
  type Share,
  secretsOf,
  type Version,
} from "./account.ts";
import { Refusal } from "./call.ts";

type Refused = readonly [code: number, message: string];

/** The bindings of an upload: its own, and what it keeps of the latest upload, live or not. */
function bindingsOf(
  account: Account,
  { bindings, keep_bindings }: Metadata,
  latest: Version | undefined,
): { bindings: Binding[]; refused: Refused[] } {
  const result: Binding[] = [];
  const refused: Refused[] = [];
  for (const binding of bindings) {
    const { name } = binding;
    if (binding.type === "inherit") {
      const old = latest?.bindings.find((known) => known.name === name);
      if (old !== undefined) result.push(old);
      else {
        const why = `previous version does not have binding named '${name}'`;
        refused.push([10057, `inherit binding '${name}' is invalid: ${why}`]);
      }
      continue;
    }
    if (binding.type === "kv_namespace") {
      const id = String(binding.namespace_id);
      if (!account.namespaces.has(id)) refused.push([10041, `KV namespace '${id}' not found.`]);
    }
    result.push(binding);
  }
  const names = new Set(result.map(({ name }) => name));
  const kept = (latest?.bindings ?? []).filter(
    ({ name, type }) => keep_bindings.includes(type) && !names.has(name),
  );
  return { bindings: [...result, ...kept], refused };
}

/** The Durable Object classes after an upload's migrations. */
function classesOf(
  { migrations, bindings }: Metadata,
  script: Script | undefined,
): { classes: Set<string>; refused: Refused[] } {
  const classes = new Set(script?.classes);
  const refused: Refused[] = [];
  if (migrations !== undefined) {
    const current = script?.migrationTag;
    const { old_tag } = migrations;
    if (current !== old_tag) {
      const message = `migration tag precondition failed; current tag is '${current ?? ""}', got '${old_tag ?? ""}'`;
      refused.push([10079, message]);
    }
    for (const name of migrations.classes) classes.add(name);
  }
  for (const { type, class_name } of bindings) {
    const name = String(class_name);
    if (type === "durable_object_namespace" && !classes.has(name)) {
      const message = `Cannot create binding for class ${name} because it is not currently configured to implement Durable Objects. Did you forget to apply a migration?`;
      refused.push([10061, message]);
    }
  }
  return { classes, refused };
}

export interface Upload {
  readonly metadata: Metadata;
  readonly modules: readonly Module[];
}

/** Adds a version made of an upload. @throws Refusal, and nothing has changed */
export function addVersion(
  account: Account,
  script: Script,
  { metadata, modules }: Upload,
  trigger: string,
): Version {
  const latest = script.versions.at(-1);
  const { bindings, refused } = bindingsOf(account, metadata, latest);
  const { classes, refused: alsoRefused } = classesOf(metadata, script);
  const [first, ...others] = [...refused, ...alsoRefused];
  if (first !== undefined) {
    const [code, message] = first;
    throw new Refusal(400, code, [message, ...others.map(([, text]) => text)].join("; "));
  }
  const token = metadata.assets?.jwt ?? "";
  const assets = account.assetSessions.get(token);
  if (metadata.assets !== undefined && assets === undefined) {
    throw new Refusal(400, 10021, "the assets' token is of no finished upload");
  }
  script.classes = classes;
  script.migrationTag = metadata.migrations?.new_tag ?? script.migrationTag;
  return push(script, {
    annotations: { "workers/triggered_by": trigger, ...metadata.annotations },
    bindings,
    compatibilityDate: metadata.compatibility_date ?? "",
    modules,
    assets: assets ?? new Map(),
    assetHeaders: metadata.assets?.headers ?? "",
  });
}

/** Adds a copy of the latest upload (not of what is live) with another secret. */
export function addSecretVersion(
  script: Script,
  secrets: Readonly<Record<string, string | null>>,
  trigger: string,
): Version {
  const latest = script.versions.at(-1);
  if (latest === undefined) throw new Refusal(404, 10007, "This Worker has no version.");
  for (const { name, type } of latest.bindings) {
    if (name in secrets && type !== "secret_text") {
      throw new Refusal(400, 10053, `Binding name '${name}' already in use.`);
    }
  }
  const set = Object.entries(secrets).flatMap(([name, text]) =>
    text === null ? [] : [{ name, type: "secret_text", text }],
  );
  return push(script, {
    ...latest,
    annotations: { "workers/triggered_by": trigger },
    bindings: [...latest.bindings.filter(({ name }) => !(name in secrets)), ...set],
  });
}

function push(script: Script, version: Omit<Version, "id" | "number" | "created_on">): Version {
  const added = {
    ...version,
    id: randomUUID(),
    number: script.versions.length + 1,
    created_on: new Date().toISOString(),
  };
  script.versions.push(added);
  return added;
}

/** Whether the latest upload is live, alone. */
export function latestIsLive(script: Script): boolean {
  const [only, ...others] = script.deployments[0]?.versions ?? [];
  return others.length === 0 && only?.version_id === script.versions.at(-1)?.id;
}

/** Makes versions live. @throws Refusal */
export function deploy(
  script: Script,
  shares: readonly Share[],
  { by, message, force = false, codeUpdate = "" }: Options,
): Deployment {
  const total = shares.reduce((sum, { percentage }) => sum + percentage, 0);
  if (Math.round(total) !== 100) {
    throw new Refusal(400, 10210, `percentages must total 100, got ${total}`);
  }
  const chosen = shares.map(({ version_id }) => {
    const version = script.versions.find(({ id }) => id === version_id);
    if (version === undefined) throw new Refusal(404, 10205, `Version ${version_id} not found`);
    return version;
  });
  const [only] = chosen;
  if (only !== undefined && chosen.length === 1 && script.deployments.length > 0 && !force) {
    refuseOldSecrets(only, liveVersion(script));
  }
  const deployment = {
    id: randomUUID(),
    created_on: new Date().toISOString(),
    annotations: {
      "workers/triggered_by": by,
      ...(message === undefined ? {} : { "workers/message": message }),
    },
    versions: shares,
    codeUpdate,
  };
  script.deployments.unshift(deployment);
  return deployment;
}

interface Options {
  readonly by: string;
  readonly message?: string | undefined;
  readonly force?: boolean;
  readonly codeUpdate?: string | undefined;
}

function refuseOldSecrets(version: Version, live: Version): void {
  if (version.number >= live.number) return;
  const [before, after] = [secretsOf(version), secretsOf(live)];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const changed = [...names].filter((name) => before[name] !== after[name]);
  if (changed.length > 0) {
    const message = `Rolling back requires force. The following secrets have changed: ${changed.join(", ")}`;
    throw new Refusal(400, 10220, message);
  }
}
