import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseEnv } from "node:util";
import { playScene, SCENE_NAMES, startStandIn, takeScenes } from "./demo.ts";
import { greeting, type Running, seenNow } from "./greeting.ts";
import { seedHistory } from "./seed.ts";
import type { Zoo } from "./server.ts";
import { ROOT } from "./state.ts";

const LOOPBACK = "127.0.0.1";
/** `HOST=0.0.0.0` lets a phone in the same network ask. The stand-in and the inspector stay on loopback. */
const HOST = process.env.HOST || LOOPBACK;
const STOP_GRACE_MS = 5_000;
const PARENT_CHECK_MS = 500;
const ONE_ATTEMPT_MS = 15_000;

interface Setup extends Running {
  /** Whether `.dev.vars` sets MIN_REFRESH_SECONDS. */
  readonly ownMinRefresh: boolean;
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

function chosenPort(): number {
  const text = process.env.PORT || "8787";
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535) fail(`PORT=${text} is not a port number`);
  return port;
}

async function requireFreePort(port: number): Promise<void> {
  const probe = createServer();
  try {
    probe.listen(port, HOST);
    await once(probe, "listening");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code !== "EADDRINUSE") fail(`Cannot listen on port ${port}: ${String(error)}`);
    const other = port < 65_535 ? port + 1 : port - 1;
    fail(
      `Port ${port} is in use: stop what holds it, ` +
        `or choose another with PORT=${other} npm run dev`,
    );
  }
  probe.close();
  await once(probe, "close");
}

function chosenScene(zoo: Zoo): void {
  const name = process.env.DEMO || "ok";
  if (!playScene(zoo, name)) fail(`DEMO=${name} is none of ${SCENE_NAMES}`);
}

function readSetup(zoo: Zoo, port: number): Setup {
  const path = join(ROOT, ".dev.vars");
  const vars = existsSync(path) ? parseEnv(readFileSync(path, "utf8")) : {};
  const given = (name: string) => (vars[name] ?? "").trim() || null;
  const realToken = given("ZOO_API_TOKEN");
  const realUrl = given("ZOO_API_URL") ?? "https://api.zoo.dev";
  return {
    base: `http://${HOST === "0.0.0.0" ? LOOPBACK : HOST}:${port}`,
    zoo,
    zooUrl: realToken === null ? zoo.url : realUrl,
    realToken,
    ownIssuers: given("JWT_ISSUERS") !== null,
    isOpen: HOST !== LOOPBACK,
    ownMinRefresh: given("MIN_REFRESH_SECONDS") !== null,
  };
}

function startWrangler(setup: Setup, port: number): ChildProcess {
  const { zoo, realToken, ownIssuers, ownMinRefresh } = setup;
  const args = ["dev", "--port", String(port), "--ip", HOST, "--inspector-ip", LOOPBACK, "--local"];
  args.push("--show-interactive-dev-session=false");
  // wrangler lets --var win over .dev.vars, and splits it at the first colon only.
  if (realToken === null) {
    args.push("--var", `ZOO_API_URL:${zoo.url}`, "--var", `ZOO_API_TOKEN:${zoo.token}`);
    // A scene shows at once, even if Zoo has been asked a moment ago.
    if (!ownMinRefresh) args.push("--var", "MIN_REFRESH_SECONDS:1");
  }
  if (!ownIssuers) {
    const { issuer, audience, jwksUrl } = zoo;
    const issuers = JSON.stringify([{ issuer, audience, jwks_url: jwksUrl }]);
    args.push("--var", `JWT_ISSUERS:${issuers}`);
  }
  return spawn(process.execPath, [join(ROOT, "node_modules/wrangler/bin/wrangler.js"), ...args], {
    cwd: ROOT,
    env: {
      ...process.env,
      // Both would ask the network at start, and complain where there is none.
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
      WRANGLER_SEND_METRICS: "false",
    },
    stdio: ["ignore", "inherit", "inherit"],
    // In a process group of its own, a Ctrl-C reaches wrangler once, from here, and whatever it
    // started can be stopped with it.
    detached: process.platform !== "win32",
  });
}

function signalAll(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === "win32") child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // The group is gone already.
  }
}

/** The first answer of /health, whatever its status. */
async function waitForHealth(base: string, signal: AbortSignal): Promise<number> {
  for (;;) {
    try {
      const attempt = AbortSignal.any([signal, AbortSignal.timeout(ONE_ATTEMPT_MS)]);
      const response = await fetch(`${base}/health`, { signal: attempt });
      await response.text();
      return response.status;
    } catch {
      await sleep(200, undefined, { signal });
    }
  }
}

async function main(): Promise<number> {
  const port = chosenPort();
  await requireFreePort(port);
  const zoo = await startStandIn(port);
  chosenScene(zoo);
  const setup = readSetup(zoo, port);
  if (setup.realToken === null) {
    // Without a past there is still a demo.
    await seedHistory(zoo).catch((error: unknown) => {
      console.error(`The history begins empty: ${String(error)}`);
    });
  }
  const child = startWrangler(setup, port);

  const over = new AbortController();
  let stopping = false;
  const exited = new Promise<number>((done) => {
    child.once("exit", (code) => done(code ?? 1));
    child.once("error", (error) => {
      console.error(`wrangler did not start: ${error.message}`);
      done(1);
    });
  });
  const stop = () => {
    if (stopping) return;
    stopping = true;
    over.abort();
    signalAll(child, "SIGINT");
    setTimeout(() => signalAll(child, "SIGKILL"), STOP_GRACE_MS).unref();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  // A signal to npm alone ends npm and does not come through to here.
  const parent = process.ppid;
  setInterval(() => process.ppid === parent || stop(), PARENT_CHECK_MS).unref();

  waitForHealth(setup.base, over.signal)
    .then(async (status) => {
      if (status !== 200) {
        console.error(`\n/health answers ${status}: the line "misconfigured" says what to mend.\n`);
        return;
      }
      console.log(await greeting(setup, over.signal));
      if (setup.realToken === null) takeScenes(zoo, () => seenNow(setup, over.signal));
    })
    .catch((error: unknown) => {
      if (!over.signal.aborted) console.error(`The first request failed: ${String(error)}`);
    });

  const code = await exited;
  over.abort();
  // Whatever wrangler left running would keep the port.
  signalAll(child, "SIGKILL");
  await zoo.close();
  return stopping ? 0 : code;
}

process.exit(await main());
