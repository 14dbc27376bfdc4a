/**
 * `npm run smoke -- https://balance.example.com`: asks a deployed instance what its callers will ask, and
 * says in plain words what is wrong. With a credential in the environment variable `CREDENTIAL` (never on
 * the command line, where others can read it) it also asks for a balance; with a version in `VERSION` it
 * asks that one where several are deployed, and insists that it is the one that answers.
 */
import { isSafeUrl } from "../lib/url.ts";
import { readToml } from "./config/toml.ts";
import { workerNameOf } from "./config/worker-name.ts";
import { configuration } from "./run-wrangler.ts";
import {
  CHECKS,
  CHECKS_WITH_CREDENTIAL,
  type Check,
  type Instance,
  Wrong,
} from "./smoke-checks.ts";

/** @returns the exit code */
async function main([address, ...rest]: readonly string[]): Promise<number> {
  if (address === undefined || rest.length > 0 || !isSafeUrl(address)) {
    console.error("Usage: [CREDENTIAL=…] npm run smoke -- https://balance.example.com");
    console.error("https only (http to a loopback host), and one address.");
    return 2;
  }
  // A shell's $(…) that failed leaves it so; without it, less would be asked than was meant.
  for (const name of ["CREDENTIAL", "VERSION"]) {
    if (process.env[name]?.trim() !== "") continue;
    console.error(`${name} is set, but empty: what should have filled it has failed.`);
    console.error(`Give it its value, or take it out (unset ${name}).`);
    return 2;
  }
  const instance: Instance = {
    base: address.replace(/\/+$/, ""),
    credential: process.env.CREDENTIAL?.trim() ?? "",
    version: process.env.VERSION?.trim() ?? "",
    worker: workerName(),
  };
  const withCredential = instance.credential !== "";
  let wrong = 0;
  for (const check of withCredential ? [...CHECKS, ...CHECKS_WITH_CREDENTIAL] : CHECKS) {
    if (!(await report(check, instance))) wrong += 1;
  }
  if (!withCredential) {
    console.log("       (set CREDENTIAL to a token or an API key to ask for a balance as well)");
  }
  console.log(wrong === 0 ? "All is well." : `${wrong} wrong.`);
  return wrong === 0 ? 0 : 1;
}

/** Of the environment `production`, as `wrangler.toml` has it. */
function workerName(): string {
  const read = readToml(configuration());
  return read.ok ? workerNameOf(read.toml.root, "production") : "";
}

/** @returns whether the check passed */
async function report(check: Check, instance: Instance): Promise<boolean> {
  try {
    const remark = await check.run(instance);
    console.log(`ok     ${check.name}`);
    if (remark !== undefined) console.log(`       ${remark}`);
    return true;
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    console.log(`WRONG  ${check.name}: ${error.message}`);
    return false;
  }
}

process.exitCode = await main(process.argv.slice(2));
