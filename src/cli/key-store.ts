/** The KV namespace `API_KEYS` as the operator's machine reaches it: through wrangler and its login. */
import { resolve } from "node:path";
import * as z from "zod/mini";
import { type ApiKeyRecord, apiKeyRecordSchema } from "../callers/api-key/record.ts";
import { runWrangler } from "./run-wrangler.ts";
import { blameFor, codesOf, saysNoWorker } from "./wrangler/blame.ts";
import { BY_CODE } from "./wrangler/failure.ts";

/** A key that was stored though nobody saw it is of no use to anybody. */
const AGAIN =
  "Run it again. A key that could not be shown may be there all the same: `list` shows it, `revoke` ends it.";
const MEND = "The reason is above. Mend it, then run the command again.";
const NO_WORKER =
  "There is no such Worker in this Cloudflare account, or it is not fully deployed, so it has no keys yet. Deploy it first (DEPLOY.md, the first deployment), then run the command again. If it is deployed, another account is logged in, or CLOUDFLARE_ACCOUNT_ID names another.";
const NO_LOGIN =
  "Nobody is logged in: npx wrangler login, or set CLOUDFLARE_API_TOKEN. Then run the command again.";

/** A Worker that runs has the local store, or Cloudflare failed: what the next attempt may find otherwise. */
const mayPass = (output: string) =>
  output === "" || /SQLITE_BUSY|is locked/.test(output) || blameFor(output) === "cloudflare";

/** @returns what to do after wrangler said this of the keys; it says nothing when it was stopped */
export function adviceOn(output: string): string {
  const codes = codesOf(output);
  if (saysNoWorker(output)) return NO_WORKER;
  if (output.includes("No KV namespace ID found for binding")) return NO_WORKER;
  if (output.includes("necessary to set a CLOUDFLARE_API_TOKEN")) return NO_LOGIN;
  // Of a namespace that is gone, KV's number; uploads have another.
  if (codes.includes("10013")) return BY_CODE[10041] ?? MEND;
  const known = codes.map((code) => BY_CODE[code]).find((text) => text !== undefined);
  return known ?? (mayPass(output) ? AGAIN : MEND);
}

export class StoreError extends Error {}

export interface StoredKey {
  readonly digest: string;
  /** Null: unreadable, so the Worker refuses the key. */
  readonly record: ApiKeyRecord | null;
}

const listSchema = z.array(z.object({ name: z.string(), metadata: z.optional(z.unknown()) }));

export class KeyStore {
  readonly #where: readonly string[];

  constructor(options: {
    readonly remote: boolean;
    readonly env: string;
    readonly persistTo: string | null;
  }) {
    const { remote, env, persistTo } = options;
    this.#where = [
      "--binding=API_KEYS",
      "--preview=false",
      `--env=${env}`,
      remote ? "--remote" : "--local",
      ...(persistTo === null ? [] : [`--persist-to=${resolve(persistTo)}`]),
    ];
  }

  /** The record is the value, for the Worker, and the metadata too, so that one request lists all. */
  async put(digest: string, record: ApiKeyRecord): Promise<void> {
    const text = JSON.stringify(record);
    await this.#wrangler("put", digest, text, `--metadata=${text}`);
  }

  /** @throws StoreError */
  async list(): Promise<readonly StoredKey[]> {
    const output = await this.#wrangler("list");
    const keys = listSchema.parse(JSON.parse(output.slice(output.search(/^\[/m))));
    return keys.map(({ name, metadata }) => ({
      digest: name,
      record: apiKeyRecordSchema.safeParse(metadata).data ?? null,
    }));
  }

  async delete(digest: string): Promise<void> {
    await this.#wrangler("delete", digest);
  }

  /** Once more where that may help: every command may be repeated. */
  async #wrangler(command: string, ...args: string[]): Promise<string> {
    const all = ["kv", "key", command, ...args, ...this.#where];
    const first = await runWrangler(all);
    const { ok, stdout, stderr } =
      first.ok || !mayPass(outputOf(first)) ? first : await runWrangler(all);
    if (ok) return stdout;
    const output = outputOf({ stdout, stderr });
    throw new StoreError(
      `wrangler could not reach the keys:\n${output || "It did not answer in time."}\n${adviceOn(output)}`,
    );
  }
}

const outputOf = ({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }) =>
  `${stderr}\n${stdout}`.trim();
