/** Bundles as a deployment would upload them. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { COMPATIBILITY_DATE } from "./compatibility-date.ts";

/** Writes the proxy's `index.js` into the folder. */
export async function buildBundle(folder: string): Promise<void> {
  await wrangler("--env=production", "--outdir", folder);
}

/** The proxy's bundle, or that of another Worker of one file, as text. */
export async function bundleText(main?: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "zoo-balance-bundle-"));
  try {
    if (main === undefined) await buildBundle(folder);
    else {
      const config = join(folder, "wrangler.json");
      const compatibility_date = COMPATIBILITY_DATE;
      await writeFile(
        config,
        JSON.stringify({ name: "bench", main: resolve(main), compatibility_date }),
      );
      await wrangler("--config", config, "--outdir", folder);
    }
    const name = main === undefined ? "index.js" : `${/([^/]+)\.ts$/.exec(main)?.[1]}.js`;
    return await readFile(join(folder, name), "utf8");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function wrangler(...args: string[]): Promise<void> {
  const all = ["node_modules/wrangler/bin/wrangler.js", "deploy", "--dry-run", "--minify", ...args];
  await promisify(execFile)(process.execPath, all);
}
