/** `npm run bench [-- refusals]`: see the README. */
import { benchRefusals } from "./refusals.ts";
import { benchWarm } from "./warm.ts";

const CASES = { warm: benchWarm, refusals: benchRefusals } as const;

const wanted = process.argv.slice(2);
for (const name of wanted.length > 0 ? wanted : Object.keys(CASES)) {
  if (!(name in CASES)) {
    console.error(`No case "${name}": ${Object.keys(CASES).join(", ")}.`);
    process.exit(2);
  }
}
let passed = true;
for (const [name, bench] of Object.entries(CASES)) {
  if (wanted.length === 0 || wanted.includes(name)) passed = (await bench()) !== false && passed;
}
process.exit(passed ? 0 : 1);
