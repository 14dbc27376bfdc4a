/** The first example of each README, run as a newcomer runs it, against a started Worker. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect } from "vitest";
import { startWorker } from "../e2e/worker.ts";

export async function expectFirstBalance(command: string, args: readonly string[]): Promise<void> {
  await using worker = await startWorker();
  const environment = { BALANCE_URL: worker.url, BALANCE_TOKEN: worker.token };
  const { stdout } = await promisify(execFile)(command, args, {
    env: { ...process.env, ...environment },
  });
  expect(stdout.trim()).toBe("37.3583 USD, ok, no problem");
}
