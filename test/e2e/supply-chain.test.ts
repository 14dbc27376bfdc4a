/** What is installed: exactly what was chosen, and what may run while it is being installed. */
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";

interface Package {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly allowScripts: Record<string, boolean>;
}
interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly optional?: boolean;
}

const read = async (name: string): Promise<unknown> => JSON.parse(await readFile(name, "utf8"));
const { dependencies, devDependencies, allowScripts } = (await read("package.json")) as Package;
const { packages } = (await read("package-lock.json")) as { packages: Record<string, Locked> };
const installed = Object.entries(packages).filter(([path]) => path !== "");

test("the Worker is made of three packages, and they of nothing else", () => {
  expect(Object.keys(dependencies)).toEqual(["hono", "jose", "zod"]);
  for (const name of Object.keys(dependencies)) {
    expect(packages[`node_modules/${name}`]).not.toHaveProperty("dependencies");
  }
});

test("every version is exact, and what is locked is what was chosen", () => {
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
    expect(version, name).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
    expect(packages[`node_modules/${name}`]?.version).toBe(version);
  }
});

test("what is locked has a digest, and no place that it must come from", () => {
  for (const [path, locked] of installed) {
    // Binaries for other platforms were not to be had when this was locked.
    if (locked.optional !== true) expect(locked.integrity, path).toMatch(/^sha512-/);
    expect(locked, path).not.toHaveProperty("resolved");
  }
});

test("scripts run at installation for those alone that are named", () => {
  const scripted = installed.filter(([, locked]) => locked.hasInstallScript === true);
  const names = scripted.map(([path]) => path.replace(/^.*node_modules\//, ""));
  expect(names.filter((name) => allowScripts[name] === undefined)).toEqual([]);
  // A name that nobody bears is one that anybody might take.
  expect(Object.keys(allowScripts).filter((name) => !names.includes(name))).toEqual([]);
});
