/** The KV namespace `API_KEYS` as the operator's machine reaches it: through wrangler and its login. */
import { resolve } from "node:path";
import * as z from "zod/mini";
import { type ApiKeyRecord, apiKeyRecordSchema } from "../callers/api-key/record.ts";
import { runWrangler } from "./run-wrangler.ts";

/** A key that was stored though nobody saw it is of no use to anybody. */
const ADVICE =
  "Run it again. A key that could not be shown may be there all the same: `list` shows it, `revoke` ends it.";

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

  /** Once more if it fails: every command may be repeated, and a Worker that runs may lock the store. */
  async #wrangler(command: string, ...args: string[]): Promise<string> {
    const all = ["kv", "key", command, ...args, ...this.#where];
    const first = await runWrangler(all);
    const { ok, stdout, stderr } = first.ok ? first : await runWrangler(all);
    if (ok) return stdout;
    const output = `${stderr}\n${stdout}`.trim() || "It did not answer in time.";
    throw new StoreError(`wrangler could not reach the keys:\n${output}\n${ADVICE}`);
  }
}
