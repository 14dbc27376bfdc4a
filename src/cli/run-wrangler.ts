/** The project's own wrangler, run to its end without a terminal. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const ROOT = resolve(import.meta.dirname, "../..");

/** The text of the project's `wrangler.toml`. */
export const configuration = (): string => readFileSync(join(ROOT, "wrangler.toml"), "utf8");

/**
 * Arguments of Node that start wrangler. Not its `bin`, which starts a second process: that one outlives a
 * kill, and goes on with what it was at.
 */
export const WRANGLER = ["--no-warnings", join(ROOT, "node_modules/wrangler/wrangler-dist/cli.js")];

export interface Ended {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

const ASK_SECONDS = 30;

/** How long wrangler may take: `DEADLINE_SECONDS`, where the operator has set it. */
export const deadlineMs = (fallbackSeconds: number): number =>
  (Number(process.env.DEADLINE_SECONDS) || fallbackSeconds) * 1_000;

/** Never rejects: whatever went wrong is in `ok` and `stderr`. */
export function runWrangler(
  args: readonly string[],
  timeoutMs = deadlineMs(ASK_SECONDS),
): Promise<Ended> {
  return new Promise((done) => {
    execFile(
      process.execPath,
      [...WRANGLER, ...args],
      {
        cwd: ROOT,
        env: { ...process.env, WRANGLER_SEND_METRICS: "false", NO_COLOR: "1" },
        maxBuffer: 64 * 1024 * 1024,
        timeout: timeoutMs,
        killSignal: "SIGKILL",
      },
      (error, stdout, stderr) => done({ ok: error === null, stdout, stderr }),
    );
  });
}
