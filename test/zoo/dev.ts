import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseEnv } from "node:util";
import { playScene, SCENE_NAMES, startStandIn, takeScenes } from "./demo.ts";
import type { Zoo } from "./server.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const LOOPBACK = "127.0.0.1";
/** `HOST=0.0.0.0` lets a phone in the same network ask. The stand-in and the inspector stay on loopback. */
const HOST = process.env.HOST || LOOPBACK;
const STOP_GRACE_MS = 5_000;
const PARENT_CHECK_MS = 500;
const ONE_ATTEMPT_MS = 15_000;

interface Setup {
  realZoo: boolean;
  ownIssuers: boolean;
  zooUrl: string;
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

function readSetup(zoo: Zoo): Setup {
  const path = join(ROOT, ".dev.vars");
  const vars = existsSync(path) ? parseEnv(readFileSync(path, "utf8")) : {};
  const has = (name: string) => (vars[name] ?? "").trim() !== "";
  const realZoo = has("ZOO_API_TOKEN");
  return {
    realZoo,
    ownIssuers: has("JWT_ISSUERS"),
    zooUrl: realZoo ? vars.ZOO_API_URL || "https://api.zoo.dev" : zoo.url,
  };
}

function startWrangler(zoo: Zoo, setup: Setup, port: number): ChildProcess {
  const args = ["dev", "--port", String(port), "--ip", HOST, "--inspector-ip", LOOPBACK, "--local"];
  args.push("--show-interactive-dev-session=false");
  // wrangler lets --var win over .dev.vars, and splits it at the first colon only.
  if (!setup.realZoo) {
    args.push("--var", `ZOO_API_URL:${zoo.url}`, "--var", `ZOO_API_TOKEN:${zoo.token}`);
  }
  if (!setup.ownIssuers) {
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

/** Single quotes for literal text, double quotes where the shell has to fill in $TOKEN. */
function curl(options: "-s" | "-i", url: string, bearer: string, ...headers: string[]): string {
  const quote = bearer.startsWith("$") ? '"' : "'";
  const more = headers.map((header) => ` -H '${header}'`).join("");
  return `  curl ${options} ${url} -H ${quote}Authorization: Bearer ${bearer}${quote}${more}`;
}

async function introduce(
  base: string,
  zoo: Zoo,
  setup: Setup,
  signal: AbortSignal,
): Promise<string> {
  const lines = [
    "",
    `Proxy  ${base}`,
    setup.realZoo
      ? `Zoo    ${setup.zooUrl}, with the token in .dev.vars`
      : `Zoo    ${setup.zooUrl}, a local stand-in with a made-up balance ` +
        "(set ZOO_API_TOKEN in .dev.vars for the real one)",
    "",
  ];
  const url = `${base}/v1/balance`;
  let bearer = "$TOKEN";
  let etag: string | null = 'W/"the ETag of an earlier answer"';
  if (setup.ownIssuers) {
    lines.push("First set TOKEN to a token of an issuer that JWT_ISSUERS in .dev.vars names.", "");
  } else {
    bearer = await zoo.signToken();
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${bearer}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(ONE_ATTEMPT_MS)]),
    });
    const text = await response.text();
    etag = response.headers.get("etag");
    if (setup.realZoo && text.includes('"upstream_rejected"')) {
      lines.push("Zoo refused ZOO_API_TOKEN in .dev.vars: put a valid one there and restart.", "");
    } else if (!response.ok)
      lines.push(`A first request was answered ${response.status}: ${text}`, "");
  }
  lines.push("The balance:", curl("-s", url, bearer));
  if (etag !== null) {
    lines.push("Only if it has changed (304 if not):");
    lines.push(curl("-i", url, bearer, `If-None-Match: ${etag}`));
  }
  lines.push(
    "Refreshed now, if the last time was 10 seconds ago:",
    curl("-s", url, bearer, "Cache-Control: no-cache"),
    "",
  );
  if (HOST !== LOOPBACK) {
    lines.push(
      `From a phone in the same network: http://<this machine's address>:${new URL(base).port}`,
      "  Android's emulator reaches this machine as 10.0.2.2; an app needs usesCleartextTraffic in a debug build.",
      "  iOS: the simulator uses 127.0.0.1; an app needs NSAllowsLocalNetworking in its Info.plist.",
      "",
    );
  }
  if (!setup.realZoo) {
    lines.push(`Another state of the account (or type it here): DEMO=low npm run dev`);
    lines.push(`  ${SCENE_NAMES}`, "");
    const fault = JSON.stringify({ op: "setFault", fault: { kind: "status", status: 503 } });
    lines.push(
      "Make Zoo fail, which shows once the value is no longer fresh (a minute); and mend it:",
    );
    lines.push(`  curl -s ${zoo.url}/__control -d '${fault}'`);
    lines.push(`  curl -s ${zoo.url}/__control -d '${JSON.stringify({ op: "reset" })}'`, "");
  }
  return lines.join("\n");
}

async function main(): Promise<number> {
  const port = chosenPort();
  await requireFreePort(port);
  const zoo = await startStandIn(port);
  chosenScene(zoo);
  const setup = readSetup(zoo);
  const child = startWrangler(zoo, setup, port);

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

  takeScenes(zoo);

  const base = `http://${HOST === "0.0.0.0" ? LOOPBACK : HOST}:${port}`;
  waitForHealth(base, over.signal)
    .then(async (status) => {
      if (status === 200) console.log(await introduce(base, zoo, setup, over.signal));
      else
        console.error(`\n/health answers ${status}: the line "misconfigured" says what to mend.\n`);
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
