/** The bundle budget: what `npm run build` put into dist/ against the limit below. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET_KIB = 30;

// npm runs scripts in the folder of package.json.
const file = "dist/index.js";
const kib = gzipSync(readFileSync(file), { level: 9 }).byteLength / 1024;
const verdict = `bundle: ${kib.toFixed(1)} KiB gzip, budget ${BUDGET_KIB} KiB`;
if (kib > BUDGET_KIB) {
  console.error(`${verdict}: too large. \`npx esbuild --metafile\` shows what grew.`);
  process.exit(1);
}
console.log(verdict);
