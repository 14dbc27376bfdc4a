/** The smoke test as a process, against instances that are well and that are not. */
import { execFile } from "node:child_process";
import { createServer, type RequestListener } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type StartedWorker, startWorker } from "./worker.ts";

interface Outcome {
  readonly code: number;
  readonly text: string;
}

function smoke(args: readonly string[], credential = ""): Promise<Outcome> {
  return new Promise((resolve) => {
    const env = { ...process.env, CREDENTIAL: credential };
    execFile(process.execPath, ["src/cli/smoke.ts", ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), text: stdout + stderr });
    });
  });
}

let worker: StartedWorker;
beforeAll(async () => {
  worker = await startWorker();
});
afterAll(() => worker.close());

test("all is well, with a credential and without", async () => {
  const without = await smoke([worker.url]);
  expect(without.text).toContain("All is well.");
  expect(without.text).toContain("set CREDENTIAL");
  expect(without.code).toBe(0);
  const withOne = await smoke([`${worker.url}/`], worker.token);
  expect(withOne.text).toContain("ok     a balance, as promised");
  expect(withOne.text).toContain("ok     the same again costs no body");
  expect(withOne.text).not.toContain(worker.token);
  expect(withOne.code).toBe(0);
});

describe("says what is wrong", () => {
  async function against(listener: RequestListener, credential = ""): Promise<Outcome> {
    const server = createServer(listener).listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      return await smoke(
        [`http://127.0.0.1:${(server.address() as AddressInfo).port}`],
        credential,
      );
    } finally {
      server.close();
    }
  }

  test("a bad credential", async () => {
    const { code, text } = await smoke([worker.url], "canary-no-credential");
    expect(text).toContain(
      "WRONG  a balance, as promised: status 401 instead of 200: the credential is refused",
    );
    expect(text).not.toContain("canary-no-credential");
    expect(code).toBe(1);
  });

  test("a variable that is wrong", async () => {
    await using broken = await startWorker({ FRESH_SECONDS: "never" });
    const { code, text } = await smoke([broken.url]);
    expect(text).toContain("status 500 instead of 200: a variable or secret is missing or wrong");
    expect(code).toBe(1);
  });

  test("nobody there", async () => {
    const { code, text } = await smoke(["http://127.0.0.1:1"]);
    expect(text).toContain("no answer");
    expect(text).toContain("Is it deployed");
    expect(code).toBe(1);
  });

  test("something else there", async () => {
    const { code, text } = await against((_, response) =>
      response.end("<h1>Welcome to nginx</h1>"),
    );
    expect(text).toContain("something else answers at this address");
    expect(code).toBe(1);
  });

  test("a balance for anybody", async () => {
    const { text } = await against((_, response) => response.end('{"status":"ok"}'));
    expect(text).toContain("it shows the balance to anybody");
  });
});

test.each([
  [[]],
  [["http://balance.example.com"]],
  [["balance.example.com"]],
  [["https://a.example", "x"]],
])("%j is no use of it", async (args) => {
  const { code, text } = await smoke(args);
  expect(text).toContain("Usage:");
  expect(code).toBe(2);
});
