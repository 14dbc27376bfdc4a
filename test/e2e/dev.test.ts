/** `npm run dev`, as a newcomer meets it: the first line that says curl returns a balance. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { conform } from "./conform.ts";

/** Below those that systems give out by themselves: until it is used, nobody is given it. */
async function freePort(): Promise<number> {
  for (let port = 20_000 + (process.pid % 10_000); ; port++) {
    const probe = createServer().listen(port, "127.0.0.1");
    const isFree = await once(probe, "listening").then(
      () => true,
      () => false,
    );
    probe.close();
    if (isFree) return port;
  }
}

// A developer's own settings would be what is tried then.
describe.skipIf(existsSync(".dev.vars"))("npm run dev", () => {
  let dev: ChildProcess;
  const lines: string[] = [];
  const isCurl = (line: string) => /^\s*curl /.test(line);

  beforeAll(async () => {
    const port = await freePort();
    dev = spawn(process.execPath, ["test/zoo/dev.ts"], {
      env: { ...process.env, PORT: `${port}` },
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (dev.stdout === null) throw new Error("no output");
    for await (const line of createInterface({ input: dev.stdout })) {
      lines.push(line);
      if (isCurl(line)) break;
    }
    dev.stdout.resume();
  }, 60_000);

  afterAll(async () => {
    if (dev.exitCode === null && dev.signalCode === null) {
      const ended = once(dev, "exit");
      dev.kill("SIGINT");
      await ended;
    }
  }, 30_000);

  test("prints a first curl line that returns the stand-in's balance", async () => {
    const line = lines.find(isCurl) ?? "";
    const [, url = "", authorization = ""] =
      /(http:\S+) -H 'Authorization: ([^']+)'/.exec(line) ?? [];
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1\/balance$/);
    const response = await fetch(url, { headers: { authorization } });
    await conform("get", "/v1/balance", response);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ available: "37.3583", stale: false });
  });

  test("ends with all that it started on Ctrl-C", async () => {
    const url = new URL("/health", /http:\/\/[\d.:]+/.exec(lines.find(isCurl) ?? "")?.[0]);
    expect((await fetch(url)).status).toBe(200);
    const ended = once(dev, "exit");
    dev.kill("SIGINT");
    await ended;
    await expect(fetch(url)).rejects.toThrow();
  });
});
