/** `node -r ./src/cli/require-node.cjs`: what a machine meets that no package brings Node to. */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";

const MACHINE = await mkdtemp(join(tmpdir(), "zoo-balance-node-"));
afterAll(() => rm(MACHINE, { recursive: true }));

/** A folder of the project on such a machine: the check, a program, and the packages that npm found for it. */
async function project(name: string, node: string | null): Promise<string> {
  const root = join(MACHINE, name);
  await mkdir(join(root, "src/cli"), { recursive: true });
  await cp("src/cli/require-node.cjs", join(root, "src/cli/require-node.cjs"));
  await cp("package.json", join(root, "package.json"));
  // Node takes a program without code, of whatever kind, once it has been let through.
  await writeFile(join(root, "src/cli/keys.ts"), "");
  if (node === null) return root;
  await mkdir(join(root, "node_modules/.bin"), { recursive: true });
  await mkdir(join(root, "node_modules/node-here/bin"), { recursive: true });
  await writeFile(join(root, "node_modules/node-here/bin/node"), "");
  const about = JSON.stringify({ version: node });
  await writeFile(join(root, "node_modules/node-here/package.json"), about);
  await symlink("../node-here/bin/node", join(root, "node_modules/.bin/node"));
  return root;
}
const bare = await project("bare", null);
const equipped = await project("equipped", "26.10.0");

/** What comes of the check when Node says that it is of this version. */
async function checkedBy(version: string, cwd = bare) {
  const versions = JSON.stringify({ node: version });
  const disguise = join(MACHINE, `${version}.cjs`);
  await writeFile(disguise, `Object.defineProperty(process, "versions", { value: ${versions} });`);
  const args = ["-r", disguise, "-r", "./src/cli/require-node.cjs", "src/cli/keys.ts"];
  return promisify(execFile)(process.execPath, args, { cwd });
}

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

test("where npm has installed a Node, an older one is told of it, and how to run the command with it", async () => {
  const refused = await checkedBy("20.20.2", equipped).catch((error: unknown) => error);
  expect(refused).toMatchObject({
    code: 1,
    stdout: "",
    stderr:
      "Node 20.20.2 is too old. npm has installed Node 26.10.0 in node_modules, which its commands use: npm run keys -- …\n",
  });
});

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
