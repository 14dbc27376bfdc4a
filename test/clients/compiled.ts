/**
 * The harnesses of the clients that need a compiler. `.ci/compilers` gets the compilers and sets
 * COMPILED_CLIENTS; without it they are left out of `npm test`, which has to be quick.
 */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";
import { type Harness, startProcess } from "./connection.ts";

const run = promisify(execFile);
const KOTLIN = resolve(import.meta.dirname, "../../src/clients/kotlin");
/** Where the compiler is not the machine's own, paths are: what the harness stores ends with its folder there. */
const SWIFT = resolve(import.meta.dirname, "../../.ci/swift");

export const COMPILED = process.env.COMPILED_CLIENTS !== undefined;
if (!COMPILED) {
  console.info(
    'Kotlin and Swift clients: not tested. With them: eval "$(.ci/compilers)"; npm test',
  );
}

/** Its own tests and its style are Maven's to check; here it plays the table. */
export async function startKotlin(): Promise<Harness> {
  await run("mvn", ["-q", "-B", "test-compile"], { cwd: KOTLIN });
  const target = join(KOTLIN, "target");
  const libraries = readFileSync(join(target, "classpath"), "utf8");
  const classpath = [join(target, "classes"), join(target, "test-classes"), libraries];
  return startProcess("java", ["-cp", classpath.join(delimiter), "zoobalance.HarnessKt"]);
}

export async function startSwift(): Promise<Harness> {
  const flags = ["-Xswiftc", "-warnings-as-errors"];
  await run(SWIFT, ["build", "--product", "Harness", ...flags]);
  return startProcess(SWIFT, ["run", "--skip-build", "Harness"]);
}
