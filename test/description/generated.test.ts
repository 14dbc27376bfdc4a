/** Clients that generators make of the description: they compile, and show what a started Worker answers. */
import { cp, readFile } from "node:fs/promises";
import { delimiter, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { startWorker } from "../e2e/worker.ts";
import { run, tool } from "./tools.ts";

const GENERATED = resolve(import.meta.dirname, "generated");
const SWIFT = resolve(".ci/swift");
const TARGET = resolve("dist/generated");

type Env = Readonly<Record<string, string>>;
type Run = (command: string, args: readonly string[], env?: Env) => Promise<string>;

/** @param show what the program prints that uses the client, with a Worker in its environment */
async function expectShown(show: (run: Run) => Promise<string>): Promise<void> {
  await using worker = await startWorker();
  const environment = { ...process.env, BALANCE_URL: worker.url, BALANCE_TOKEN: worker.token };
  const shown = await show((command, args, env) =>
    run(command, args, { env: { ...environment, ...env } }),
  );
  expect(shown.trim().split("\n")).toEqual([
    "37.3583 ok Pro true 1",
    expect.stringMatching(/^401( invalid_credentials)?$/),
  ]);
}

test("orval's client in TypeScript compiles and shows a balance", () =>
  expectShown(async (run) => {
    const config = resolve(GENERATED, "typescript/orval.config.ts");
    await run(tool("node_modules/.bin/orval"), ["--config", config]);
    await run("tsc", ["-p", resolve(GENERATED, "typescript"), "--noEmit"]);
    return run(process.execPath, [resolve(GENERATED, "typescript/show.ts")]);
  }));

/** `.ci/compilers` gets the compilers, and says so. */
describe.skipIf(process.env.COMPILED_CLIENTS === undefined)("openapi-generator's client", () => {
  // Generates both.
  beforeAll(() => run("mvn", ["-q", "-B", "compile", "-f", resolve(GENERATED, "pom.xml")]));

  test("in Kotlin compiles and shows a balance", async () => {
    const libraries = await readFile(resolve(TARGET, "classpath"), "utf8");
    const classpath = [resolve(TARGET, "classes"), libraries].join(delimiter);
    await expectShown((run) => run("java", ["-cp", classpath, "ShowKt"]));
  });

  test("in Swift compiles and shows a balance", async () => {
    const SWIFT_PACKAGE = resolve(TARGET, "swift");
    await cp(resolve(GENERATED, "swift"), SWIFT_PACKAGE, { recursive: true });
    await expectShown(async (run) => {
      await run(SWIFT, ["build", "--product", "Show"], { SWIFT_PACKAGE });
      return run(SWIFT, ["run", "--skip-build", "Show"], { SWIFT_PACKAGE });
    });
  });
});
