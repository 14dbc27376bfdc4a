/** `node -r ./src/cli/require-node.cjs`: what a machine meets that no package brings Node to. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** What comes of the check when Node says that it is of this version. */
const checkedBy = (version: string) => {
  const versions = JSON.stringify({ node: version });
  return promisify(execFile)(process.execPath, [
    "-e",
    `Object.defineProperty(process, "versions", { value: ${versions} });
     require("./src/cli/require-node.cjs");`,
  ]);
};

test.for(["18.20.8", "20.20.2", "22.17.1"])(
  "Node %s is refused with one line that says what to install",
  async (version) => {
    const refused = await checkedBy(version).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    const { stderr } = refused as { stderr: string };
    expect(stderr).toContain(`Node ${version} is too old`);
    expect(stderr).toContain("install Node 22.18 or later");
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  },
);

test.for(["22.18.0", "24.0.0", "26.10.0"])("Node %s is taken without a word", async (version) => {
  expect(await checkedBy(version)).toEqual({ stdout: "", stderr: "" });
});

test("every command of package.json that runs TypeScript for a person checks Node first", async () => {
  const { scripts } = JSON.parse(await readFile("package.json", "utf8")) as {
    scripts: Record<string, string>;
  };
  const commands = Object.values(scripts).filter((script) => /^node .*\.ts$/.test(script));
  expect(commands.length).toBeGreaterThan(5);
  for (const command of commands) {
    expect(command).toMatch(/^node -r \.\/src\/cli\/require-node\.cjs /);
  }
});
