/** Gives the demo a history: into the local storage that `wrangler dev` goes on with. */
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { newRecord } from "../../src/balance/record.ts";
import { addMoney } from "../../src/lib/money.ts";
import { COMPATIBILITY_DATE } from "../compatibility-date.ts";
import { livelyPast } from "./past.ts";
import type { Zoo } from "./server.ts";
import { STATE } from "./state.ts";

/** As in `wrangler.toml`, or it would be another Worker's storage. */
const WORKER = "zoo-balance-proxy";

/** Once for each address of the stand-in: what is stored belongs to it. */
export async function seedHistory(zoo: Zoo): Promise<void> {
  const done = join(STATE, `demo-${new URL(zoo.url).port}`);
  if (existsSync(done)) return;
  const source = `${zoo.url} user ZOO_API_TOKEN`;
  const records = livelyPast(Date.now()).map(({ at, monthly, prepaid, total_due }) => {
    const balance = {
      ...{ available: addMoney(monthly, prepaid), total_due, plan: null },
      monthly: { remaining: monthly, allowance: null, units: null, refreshes_at: null },
      prepaid: { remaining: prepaid, units: null, cash: null },
      updated_at: "2026-01-01T00:00:00Z",
    };
    return newRecord({ name: "default", source }, { balance, access: null }, at, 0);
  });
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "seeder.ts")],
    ...{ bundle: true, format: "esm", write: false, external: ["cloudflare:workers"] },
  });
  const runtime = new Miniflare({
    ...convertV4MiniflareOptions({
      name: WORKER,
      modules: [{ type: "ESModule", path: "seeder.js", contents: outputFiles[0]?.text ?? "" }],
      compatibilityDate: COMPATIBILITY_DATE,
      durableObjects: { ACCOUNT_BALANCE: { className: "AccountBalance", useSQLite: true } },
      cf: false,
    }),
    resourcePersistencePath: STATE,
  });
  try {
    const body = JSON.stringify(records);
    const response = await runtime.dispatchFetch("http://seed/", { method: "POST", body });
    if (!response.ok) throw new Error(await response.text());
    await mkdir(STATE, { recursive: true });
    await writeFile(done, "");
  } finally {
    await runtime.dispose();
  }
}
