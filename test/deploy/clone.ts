/** The project as an operator has it: a clone of its own, with an origin to pull from. */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Commits of a test, whoever runs it. */
export const GIT_ENV = {
  GIT_AUTHOR_NAME: "Operator",
  GIT_AUTHOR_EMAIL: "operator@example.com",
  GIT_COMMITTER_NAME: "Operator",
  GIT_COMMITTER_EMAIL: "operator@example.com",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_SYSTEM: "/dev/null",
};

export interface Clone extends AsyncDisposable {
  readonly folder: string;
  /** Somebody else's commit, to be pulled. */
  pushChange(): Promise<void>;
}

/** What is not committed yet is part of it, what git ignores is not; the packages are the project's own. */
export async function cloneProject(): Promise<Clone> {
  const root = await mkdtemp(join(tmpdir(), "zoo-balance-clone-"));
  const [source, folder] = [join(root, "source"), join(root, "clone")];
  const git = (cwd: string, ...args: string[]) =>
    run("git", args, { cwd, env: { ...process.env, ...GIT_ENV } });
  const { stdout } = await run("git", [
    "ls-files",
    "--cached",
    "--others",
    "--exclude-standard",
    "--deduplicate",
  ]);
  for (const file of stdout.trim().split("\n")) {
    await mkdir(join(source, dirname(file)), { recursive: true });
    await cp(file, join(source, file)).catch(ignoreMissing);
  }
  await git(source, "init", "--quiet", "--initial-branch=main");
  await git(source, "add", "--all");
  await git(source, "commit", "--quiet", "--message=The project");
  await git(root, "clone", "--quiet", source, folder);
  await symlink(resolve("node_modules"), join(folder, "node_modules"));
  return {
    folder,
    async pushChange() {
      await git(source, "commit", "--quiet", "--allow-empty", "--message=A change");
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}

/** A file may be deleted and not committed so. */
function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
}
