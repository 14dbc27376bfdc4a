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

interface Program {
  readonly command: string;
  readonly args: readonly string[];
}

/** Compiles all of the client's code but runs none: its own tests are Maven's to run. */
export async function compileKotlin(mainClass: string): Promise<Program> {
  await run("mvn", ["-q", "-B", "test-compile"], { cwd: KOTLIN });
  const target = join(KOTLIN, "target");
  const libraries = readFileSync(join(target, "classpath"), "utf8");
  const classpath = [join(target, "classes"), join(target, "test-classes"), libraries];
  return { command: "java", args: ["-cp", classpath.join(delimiter), mainClass] };
}

export async function compileSwift(target: string): Promise<Program> {
  await run(SWIFT, ["build", "--product", target, "-Xswiftc", "-warnings-as-errors"]);
  return { command: SWIFT, args: ["run", "--skip-build", target] };
}

export async function startHarness(program: Promise<Program>): Promise<Harness> {
  const { command, args } = await program;
  return startProcess(command, args);
}
