/** `npm run dev`, as a newcomer meets it: in a clone of its own, started twice. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Clone, cloneProject } from "../deploy/clone.ts";
import { conform } from "./conform.ts";

/** What it says to the terminal, and what is typed there. */
interface Demo {
  readonly child: ChildProcess;
  readonly lines: string[];
  readonly url: string;
  readonly authorization: string;
}

interface View {
  readonly status: string;
  readonly available: string;
}

let clone: Clone;
let port: number;
let demo: Demo | undefined;
/** The credential that the first start printed. */
let firstAuthorization = "";

beforeAll(async () => {
  [clone, port] = await Promise.all([cloneProject(), freePorts()]);
});
afterEach(async () => {
  if (demo !== undefined) await stop(demo);
  demo = undefined;
});
afterAll(() => clone?.[Symbol.asyncDispose]());

/** Two ports, for the Worker and its stand-in, below the ephemeral range, so that the system gives them to nobody else meanwhile. */
async function freePorts(): Promise<number> {
  for (let port = 20_000 + (process.pid % 10_000); ; port++) {
    if ((await isFree(port)) && (await isFree(port + 100))) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer().listen(port, "127.0.0.1");
  const free = await once(probe, "listening").then(
    () => true,
    () => false,
  );
  probe.close();
  return free;
}

const isCurl = (line: string) => /^\s*curl /.test(line);

const launch = (env: Readonly<Record<string, string>> = {}) =>
  spawn(process.execPath, ["test/zoo/dev.ts"], {
    cwd: clone.folder,
    env: { ...process.env, PORT: `${port}`, ...env },
  });

/** Resolves when it has said all that it says by itself. */
async function start(): Promise<Demo> {
  const child = launch();
  const lines: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => lines.push(line));
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  const running = { child, lines, url: `http://127.0.0.1:${port}` };
  demo = { ...running, authorization: "" };
  await expect.poll(() => lines.filter(isCurl).length).toBeGreaterThanOrEqual(4);
  const [first = ""] = lines.filter(isCurl);
  demo = { ...running, authorization: /Authorization: ([^']+)'/.exec(first)?.[1] ?? "" };
  return demo;
}

async function stop({ child }: Demo): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGINT");
  await ended;
}

async function ask({ url, authorization }: Demo, path = ""): Promise<Response> {
  const response = await fetch(`${url}/v1/balance${path}`, { headers: { authorization } });
  const [route = ""] = `/v1/balance${path}`.split("?");
  await conform("get", route, response);
  return response;
}

const viewOf = async (demo: Demo) => (await (await ask(demo)).json()) as View;

async function askZoo(): Promise<[number, string | null]> {
  const response = await fetch(`http://127.0.0.1:${port + 100}/user/payment/balance`, {
    headers: { authorization: "Bearer zoo_canary_token_MustNeverLeaveTheProxy" },
  });
  return [response.status, response.headers.get("content-type")];
}

async function pastOf(demo: Demo) {
  const response = await ask(demo, "/history?days=60");
  return (await response.json()) as {
    points: { at: string; available: string }[];
    days: { spent: string }[];
    forecast_reason: string | null;
  };
}

describe("npm run dev", () => {
  test("begins with sixty lively days, and shows each scene that is typed", async () => {
    const demo = await start();
    expect(demo.lines.find(isCurl)).toContain(`${demo.url}/v1/balance -H`);
    expect(await viewOf(demo)).toMatchObject({ status: "ok", available: "37.3583" });
    const past = await pastOf(demo);
    expect(past.points.length).toBeGreaterThan(200);
    expect(past.points.at(-1)?.available).toBe("37.3583");
    expect(past.days.filter(({ spent }) => Number(spent) > 0).length).toBeGreaterThan(50);
    expect(past.forecast_reason).toBeNull();

    const scenes: readonly (readonly [string, View])[] = [
      ["low", { status: "low", available: "4.75" }],
      ["exhausted", { status: "exhausted", available: "0.00" }],
      ["contract", { status: "contract", available: "0.00" }],
      ["blocked", { status: "blocked", available: "37.3583" }],
      ["slow", { status: "ok", available: "37.3583" }],
    ];
    for (const [name, view] of scenes) {
      demo.child.stdin?.write(`${name}\n`);
      const seen = `Zoo is now: ${name}. An app sees: 200 ${view.status}, ${view.available}`;
      await expect.poll(() => demo.lines).toContain(seen);
      expect(await viewOf(demo)).toMatchObject(view);
    }
    // The fresh value is answered until it is no longer fresh, so it is Zoo that is asked how it fails.
    const failures = {
      failing: [503, "application/json"],
      refusing: [401, "application/json"],
      unreadable: [200, "text/html; charset=utf-8"],
    };
    for (const [name, failure] of Object.entries(failures)) {
      demo.child.stdin?.write(`${name}\n`);
      await expect.poll(askZoo).toEqual(failure);
    }
    demo.child.stdin?.write("nonsense\n");
    await expect.poll(() => demo.lines.join("\n")).toContain("There are: ok, low,");

    firstAuthorization = demo.authorization;
    const ended = once(demo.child, "exit");
    demo.child.kill("SIGINT");
    expect(await ended).toEqual([0, null]);
    await expect(fetch(`${demo.url}/health`)).rejects.toThrow();
  });

  test("says at a second start that Zoo refuses the token, and goes on with what is stored", async () => {
    // The stand-in at the address that it had, so that a value of it is stored, and still fresh.
    const vars = `ZOO_API_TOKEN=not-a-token-of-the-stand-in\nZOO_API_URL=http://127.0.0.1:${port + 100}\n`;
    await writeFile(join(clone.folder, ".dev.vars"), vars);
    const demo = await start();
    expect(demo.lines).toContain(
      "Zoo refused ZOO_API_TOKEN in .dev.vars: put a valid one there and restart.",
    );
    expect(demo.lines.join("\n")).not.toMatch(/in use|first request|not-a-token/);
    expect((await ask(demo)).status).toBe(200);
    expect((await ask({ ...demo, authorization: firstAuthorization })).status).toBe(200);
    const past = await pastOf(demo);
    expect(past.points.length).toBeGreaterThan(200);
  });

  test("ends at once where DEMO names no scene, and says which there are", async () => {
    const child = launch({ DEMO: "nonsense" });
    const said: string[] = [];
    createInterface({ input: child.stderr }).on("line", (line) => said.push(line));
    const [code] = await once(child, "close");
    expect([code, said.join()]).toEqual([1, expect.stringContaining("none of ok, low, exhausted")]);
  });
});
