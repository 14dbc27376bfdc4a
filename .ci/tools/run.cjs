/**
 * `node .ci/tools/run.cjs biome check`: runs a tool of this folder. They are fetched at the first use, by the
 * digests of the lock beside this file, and again when it changes, so that `npm ci` stays quick for those who never run the checks.
 */
const { spawnSync } = require("node:child_process");
const { existsSync, readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");

const [name, ...args] = process.argv.slice(2);
const lock = readFileSync(join(__dirname, "package-lock.json"), "utf8");
const installed = join(__dirname, "node_modules", ".installed-lock");

function run(command, args) {
  // On Windows, commands of npm are scripts of a shell.
  const { status } = spawnSync(command, args, { stdio: "inherit", shell: process.platform === "win32" });
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(installed) || readFileSync(installed, "utf8") !== lock) {
  run("npm", ["ci", "--prefix", __dirname, "--no-audit", "--no-fund"]);
  writeFileSync(installed, lock);
}
run(join(__dirname, "node_modules", ".bin", name), args);
