/** The KV namespace `API_KEYS` as the operator's machine reaches it: through wrangler and its login. */
import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import * as z from "zod/mini";
import { type ApiKeyRecord, apiKeyRecordSchema } from "../callers/api-key/record.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const WRANGLER = join(ROOT, "node_modules/wrangler/bin/wrangler.js");

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
    try {
      return await this.#run(command, ...args);
    } catch {
      return await this.#run(command, ...args);
    }
  }

  async #run(command: string, ...args: string[]): Promise<string> {
    const all = [WRANGLER, "kv", "key", command, ...args, ...this.#where];
    const env = { ...process.env, WRANGLER_SEND_METRICS: "false", NO_COLOR: "1" };
    try {
      const { stdout } = await promisify(execFile)(process.execPath, all, {
        cwd: ROOT,
        env,
        maxBuffer: 64 * 1024 * 1024,
      });
      return stdout;
    } catch (error) {
      throw new StoreError(`wrangler could not reach the keys:\n${outputOf(error)}`);
    }
  }
}

function outputOf(error: unknown): string {
  const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
  return `${stderr}\n${stdout}`.trim() || String(error);
}
