/** The bundle as it would be deployed, against the limits below. */
import { gzipSync } from "node:zlib";
import { evaluationMs } from "./bench/evaluation.ts";
import { bundleText } from "./bundle.ts";

/**
 * Compressed as far as gzip goes, which is a little further than wrangler reports. Cloudflare's own limit is
 * far away; a phone waits for a cold start. The balance alone has 30 KiB; callers of every identity provider,
 * history, forecast and alerts have the rest.
 */
const MAX_KIB = 45;
const MAX_EVALUATION_MS = 10;

const bundle = await bundleText();
const kib = gzipSync(bundle, { level: 9 }).byteLength / 1024;
const ms = await evaluationMs(bundle);
const checks = [
  {
    verdict: `bundle: ${kib.toFixed(2)} KiB gzip, budget ${MAX_KIB} KiB`,
    ok: kib <= MAX_KIB,
    hint: "`npx esbuild src/index.ts --bundle --minify --analyze --external:cloudflare:workers --outfile=/dev/null` shows what fills it",
  },
  {
    verdict: `start-up: ${ms.toFixed(1)} ms in workerd to evaluate it, budget ${MAX_EVALUATION_MS} ms`,
    ok: ms <= MAX_EVALUATION_MS,
    hint: "`npx wrangler check startup` writes a CPU profile of it",
  },
];
for (const { verdict, ok, hint } of checks) {
  if (ok) console.log(verdict);
  else console.error(`${verdict}: over budget. ${hint}.`);
}
process.exitCode = checks.every(({ ok }) => ok) ? 0 : 1;
