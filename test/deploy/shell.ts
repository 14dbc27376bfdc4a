/** A shell without a terminal that runs a document's blocks one after the other, as one person would. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

export interface Block {
  /** The language, and what else stands behind it. */
  readonly info: string;
  readonly section: string;
  readonly code: string;
  readonly line: number;
}

/** The fenced blocks of a Markdown document. */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  let section = "";
  let open: { info: string; line: number; code: string[] } | null = null;
  for (const [index, line] of markdown.split("\n").entries()) {
    if (line.startsWith("```")) {
      if (open === null) open = { info: line.slice(3).trim(), line: index + 1, code: [] };
      else {
        blocks.push({ ...open, section, code: open.code.join("\n") });
        open = null;
      }
    } else if (open !== null) open.code.push(line);
    else if (line.startsWith("## ")) section = line.slice(3);
  }
  return blocks;
}

export interface Shell extends AsyncDisposable {
  /** Runs a block in the state that the last one left. @throws with its output, if a command of it fails */
  run(code: string, stdin?: string): Promise<string>;
}

export async function openShell(
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<Shell> {
  const folder = await mkdtemp(join(tmpdir(), "zoo-balance-shell-"));
  const state = join(folder, "state");
  return {
    async run(code, stdin = "") {
      // Exported variables live on, as in one shell.
      const script = `[ -f ${state} ] && . ${state}\nset -e -o pipefail\n${code}\nexport -p > ${state}`;
      const child = spawn("bash", ["-c", script], {
        cwd,
        env: { ...process.env, ...env },
        stdio: ["pipe", "pipe", "pipe"],
      });
      child.stdin.end(stdin);
      const ended = once(child, "close");
      const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
      const [status] = await ended;
      if (status !== 0) throw new Error(`ended with ${status}:\n${code}\n${stdout}\n${stderr}`);
      return stdout + stderr;
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
