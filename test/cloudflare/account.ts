/** What the stand-in of Cloudflare keeps of one account, for tests to look at and to prepare. */
import { randomBytes } from "node:crypto";
import type { Point } from "./analytics.ts";

export const ACCOUNT_ID = "acc0000000000000000000000000000a";

export interface Binding {
  readonly name: string;
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface Module {
  readonly name: string;
  readonly type: string;
  readonly text: string;
}

/** What `wrangler` sends beside the code. */
export interface Metadata {
  readonly compatibility_date?: string | undefined;
  readonly bindings: readonly Binding[];
  readonly keep_bindings: readonly string[];
  readonly migrations?: Migrations | undefined;
  readonly annotations: Readonly<Record<string, string>>;
  readonly code_update_strategy?: { readonly mode: string } | undefined;
  readonly assets?: { readonly jwt?: string; readonly headers?: string | undefined } | undefined;
  readonly tags?: readonly string[] | undefined;
}

interface Migrations {
  readonly old_tag?: string | undefined;
  readonly new_tag: string;
  readonly classes: readonly string[];
}

/** Code, variables and secrets of one upload: none of them changes afterwards. */
export interface Version {
  readonly id: string;
  readonly number: number;
  readonly created_on: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly bindings: readonly Binding[];
  readonly compatibilityDate: string;
  readonly modules: readonly Module[];
  /** Paths and digests of the files served beside it, and their headers. */
  readonly assets: ReadonlyMap<string, string>;
  readonly assetHeaders: string;
}

export interface Share {
  readonly version_id: string;
  readonly percentage: number;
}

export interface Deployment {
  readonly id: string;
  readonly created_on: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly versions: readonly Share[];
  readonly codeUpdate: string;
}

export interface Script {
  readonly name: string;
  readonly tag: string;
  tags: readonly string[];
  /** Oldest first. */
  readonly versions: Version[];
  /** Newest first: the first one is live. */
  readonly deployments: Deployment[];
  classes: ReadonlySet<string>;
  migrationTag: string | undefined;
  schedules: unknown;
  subdomain: { enabled: boolean; previews_enabled: boolean };
  settings: Readonly<Record<string, unknown>>;
}

export interface Namespace {
  readonly title: string;
  readonly values: Map<string, { readonly value: string; readonly metadata?: unknown }>;
}

export interface Account {
  readonly scripts: Map<string, Script>;
  readonly namespaces: Map<string, Namespace>;
  /** Contents of asset files by digest. */
  readonly assets: Map<string, Buffer>;
  /** Files named by an asset upload, by the token that its end answers. */
  readonly assetSessions: Map<string, ReadonlyMap<string, string>>;
  /** Domains whose DNS is in this account. */
  readonly zones: string[];
  /** Host names and the Workers that answer there. */
  readonly domains: Map<string, string>;
  subdomain: string | null;
  /** What the Workers wrote to Analytics Engine, by dataset. */
  readonly points: Map<string, Point[]>;
}

export function newAccount(): Account {
  return {
    scripts: new Map(),
    namespaces: new Map(),
    assets: new Map(),
    assetSessions: new Map(),
    zones: ["example.com"],
    domains: new Map(),
    subdomain: null,
    points: new Map(),
  };
}

export const newId = (): string => randomBytes(16).toString("hex");

/** The version that is live alone, or has the largest share. */
export function liveVersion(script: Script): Version {
  const shares = [...(script.deployments[0]?.versions ?? [])];
  const [first] = shares.sort((a, b) => b.percentage - a.percentage);
  const version = script.versions.find(({ id }) => id === first?.version_id);
  if (version === undefined) throw new Error(`${script.name} is not deployed`);
  return version;
}

/** The secrets of a version by name. */
export function secretsOf(version: Version): Record<string, string> {
  const secrets = version.bindings.filter(({ type }) => type === "secret_text");
  return Object.fromEntries(secrets.map(({ name, text }) => [name, String(text)]));
}
