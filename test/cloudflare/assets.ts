/** Files served beside a Worker: a manifest of digests, then the contents that are not there yet. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { type Account, newId, type Version } from "./account.ts";
import { type Call, jsonOf, ok, partsOf, Refusal, type Routes } from "./call.ts";

const manifestSchema = z.object({
  manifest: z.record(z.string(), z.object({ hash: z.string() })),
});
const HOUR_SECONDS = 3_600;

/** Looks like a JWT: wrangler reads the time at which it expires. */
function newToken(): string {
  const exp = Math.floor(Date.now() / 1_000) + HOUR_SECONDS;
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part({ exp, session: newId() })}.none`;
}

/** What an upload without new contents is answered at once, and another one at its end. */
function tokenFor(account: Account, files: ReadonlyMap<string, string>): string {
  const token = newToken();
  account.assetSessions.set(token, files);
  return token;
}

const sessionOf = ({ headers }: Call) => (headers.authorization ?? "").replace("Bearer ", "");

export const ASSET_ROUTES: Routes = {
  "POST /workers/scripts/:name/assets-upload-session"(call) {
    const { manifest } = manifestSchema.parse(jsonOf(call));
    const { account } = call;
    const files = new Map(Object.entries(manifest).map(([path, { hash }]) => [path, hash]));
    const missing = [...new Set(files.values())].filter((hash) => !account.assets.has(hash));
    return ok({ jwt: tokenFor(account, files), buckets: missing.length === 0 ? [] : [missing] });
  },
  async "POST /workers/assets/upload"(call) {
    const files = call.account.assetSessions.get(sessionOf(call));
    if (files === undefined) throw new Refusal(401, 10000, "Authentication error");
    for (const [hash, part] of await partsOf(call)) {
      const text = typeof part === "string" ? part : await part.text();
      call.account.assets.set(hash, Buffer.from(text, "base64"));
    }
    const { body } = ok({ jwt: tokenFor(call.account, files) });
    return { status: 201, body };
  },
};

/** Writes the files of a version into a folder, as the platform would serve them. */
export async function writeAssets(
  { assets }: Account,
  version: Version,
  folder: string,
): Promise<void> {
  for (const [path, hash] of version.assets) {
    await writeFile(join(folder, path), assets.get(hash) ?? "");
  }
  await writeFile(join(folder, "_headers"), version.assetHeaders);
}
