/** Schemathesis: requests made of the description, valid ones and others, and every check that it has. */
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { type StartedWorker, startWorker } from "../e2e/worker.ts";
import { run, tool } from "./tools.ts";

const CONFIG = resolve(import.meta.dirname, "schemathesis.toml");

/** @returns what it reports, if it finds nothing wrong */
async function check(worker: StartedWorker, ...more: string[]): Promise<string> {
  const args = ["--config-file", CONFIG, "--no-color", "run", `${worker.url}/openapi.json`];
  const header = ["--header", `Authorization: Bearer ${worker.token}`];
  const all = ["--checks=all", "--generation-database=none", ...more];
  // It leaves a folder where it is run.
  const options = { cwd: worker.storage };
  return run(tool("python/bin/schemathesis"), [...args, ...header, ...all], options);
}

test("schemathesis finds nothing wrong with a started Worker", async () => {
  await using worker = await startWorker();
  // Before, /ready says that the balance was never read.
  await worker.balance();
  const report = await check(worker, "--max-examples=100");
  console.info(/\d+ generated.*/.exec(report)?.[0]);
  expect(report).toMatch(/Selected: 12\/12\s+Tested: 12/);
});

test("schemathesis finds nothing wrong while Zoo fails, but that it fails", async () => {
  await using worker = await startWorker();
  worker.zoo.setFault({ kind: "status", status: 500 });
  const report = await check(worker, "--max-examples=20", "--exclude-checks=not_a_server_error");
  expect(report).toMatch(/Selected: 12\/12\s+Tested: 12/);
  await expect(check(worker, "--max-examples=1")).rejects.toThrow("Server error");
});
