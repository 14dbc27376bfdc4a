/** Raw `workerd serve`, the runtime alone: no proxy of wrangler's before it, bindings in-process. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { COMPATIBILITY_DATE } from "./compatibility-date.ts";

// A CommonJS package: its default export would arrive wrapped.
const require = createRequire(import.meta.url);
const WORKERD: string = require("workerd").default;

export interface WorkerSetup {
  /** One ES module, bundled. */
  readonly script: string;
  /** Others that it may import, by name. */
  readonly modules?: Readonly<Record<string, string>>;
  /** How many isolates run it, each on a port of its own, with the same bindings; by default one. */
  readonly isolates?: number;
  readonly vars?: Readonly<Record<string, string>>;
  /** KV namespaces and what they hold; each is a small worker that keeps its values in memory. */
  readonly kv?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Names of Durable Object bindings and their classes. */
  readonly objects?: Readonly<Record<string, string>>;
  /** Names of rate limits, none of which is ever reached, and of Analytics Engine datasets. */
  readonly limits?: readonly string[];
  readonly metrics?: readonly string[];
  /** KV namespaces that another process answers for, and its host and port. */
  readonly outsideKv?: Readonly<Record<string, string>>;
  /** Where Durable Objects keep their files; by default in a folder that ends with the process. */
  readonly storage?: string;
  /** A worker that answers whatever the main one fetches; by default the loopback network does. */
  readonly outbound?: string;
}

export interface RunningWorkerd extends AsyncDisposable {
  readonly url: string;
  /** One for each isolate. */
  readonly urls: readonly string[];
  /** User and system time the process has used so far, milliseconds. */
  cpuMs(): Promise<number>;
  /** Memory the process holds now, MiB. */
  memoryMib(): Promise<number>;
  /** What the Worker has logged so far, line by line. */
  readonly logs: readonly string[];
  /** Ends the process at once, as a power cut would. */
  kill(): Promise<void>;
}

const text = (value: string) => JSON.stringify(value);
const list = (items: readonly string[]) => `[${items.join(", ")}]`;

/** What production has as platform services. */
const KV_WORKER = `
let values;
export default {
  async fetch(request, env) {
    values ??= new Map(Object.entries(env.VALUES));
    const key = decodeURIComponent(new URL(request.url).pathname.slice(1));
    if (request.method === "PUT") values.set(key, await request.arrayBuffer());
    else if (request.method === "DELETE") values.delete(key);
    else return values.has(key) ? new Response(values.get(key)) : new Response(null, { status: 404 });
    return new Response();
  },
};`;
const LIMIT_MODULE = `export default () => ({ limit: async () => ({ success: true }) });`;
const METRICS_MODULE = `export default () => ({ writeDataPoint() {} });`;

function configOf(setup: WorkerSetup, storage: string): string {
  const { vars = {}, kv = {}, objects = {}, limits = [], metrics = [], outbound } = setup;
  const { modules = {}, isolates = 1, outsideKv = {} } = setup;
  const wrapped = (name: string, module: string) =>
    `(name = ${text(name)}, wrapped = (moduleName = ${text(module)}))`;
  const bindings = [
    ...Object.entries(vars).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`),
    ...Object.keys({ ...kv, ...outsideKv }).map(
      (name) => `(name = ${text(name)}, kvNamespace = ${text(`kv-${name}`)})`,
    ),
    ...Object.entries(objects).map(
      ([name, type]) =>
        `(name = ${text(name)}, durableObjectNamespace = (className = ${text(type)}, serviceName = "main"))`,
    ),
    ...limits.map((name) => wrapped(name, "bench:limit")),
    ...metrics.map((name) => wrapped(name, "bench:metrics")),
  ];
  const namespaces = Object.values(objects).map(
    (type) => `(className = ${text(type)}, uniqueKey = ${text(type)}, enableSql = true)`,
  );
  const others = Array.from({ length: isolates - 1 }, (_, n) => `other-${n}`);
  const embedded = ["main.js", ...Object.keys(modules)].map(
    (name) => `(name = ${text(name)}, esModule = embed ${text(name)})`,
  );
  const services = [
    `(name = "main", worker = .main)`,
    ...others.map((name) => `(name = ${text(name)}, worker = .other)`),
    `(name = "internet", network = (allow = ["local", "private"]))`,
    `(name = "disk", disk = (path = ${text(storage)}, writable = true))`,
    ...Object.entries(outsideKv).map(
      ([name, address]) =>
        `(name = ${text(`kv-${name}`)}, external = (address = ${text(address)}, http = ()))`,
    ),
    ...(outbound === undefined ? [] : [`(name = "outbound", worker = .outbound)`]),
    ...Object.entries(kv).map(
      ([name, values]) => `(name = ${text(`kv-${name}`)}, worker = (
        modules = [(name = "kv.js", esModule = embed "kv.js")],
        compatibilityDate = ${text(COMPATIBILITY_DATE)},
        bindings = [(name = "VALUES", json = ${text(JSON.stringify(values))})]))`,
    ),
  ];
  const common = `modules = ${list(embedded)},
  compatibilityDate = ${text(COMPATIBILITY_DATE)},
  bindings = ${list(bindings)},
  globalOutbound = ${text(outbound === undefined ? "internet" : "outbound")}`;
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = ${list(services)},
  sockets = ${list(
    ["main", ...others].map(
      (name) =>
        `(name = ${text(name)}, address = "127.0.0.1:0", http = (), service = ${text(name)})`,
    ),
  )},
  extensions = [(modules = [
    (name = "bench:limit", internal = true, esModule = embed "limit.js"),
    (name = "bench:metrics", internal = true, esModule = embed "metrics.js")
  ])],
);
const outbound :Workerd.Worker = (
  modules = [(name = "outbound.js", esModule = embed "outbound.js")],
  compatibilityDate = ${text(COMPATIBILITY_DATE)},
);
const main :Workerd.Worker = (
  ${common},
  durableObjectNamespaces = ${list(namespaces)},
  durableObjectStorage = (localDisk = "disk"),
);
const other :Workerd.Worker = (${common});
`;
}

export async function startWorkerd(setup: WorkerSetup): Promise<RunningWorkerd> {
  const folder = await mkdtemp(join(tmpdir(), "zoo-balance-bench-"));
  const storage = setup.storage ?? join(folder, "storage");
  await mkdir(storage, { recursive: true });
  const files = {
    "config.capnp": configOf(setup, storage),
    "main.js": setup.script,
    "kv.js": KV_WORKER,
    "limit.js": LIMIT_MODULE,
    "metrics.js": METRICS_MODULE,
    "outbound.js": setup.outbound ?? "export default {};",
    ...setup.modules,
  };
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder, name), content);
  }
  const args = ["serve", "config.capnp", "--control-fd=3"];
  const child = spawn(WORKERD, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe", "pipe"] });
  const logs: string[] = [];
  // console.warn and console.error go to the other one.
  for (const input of [child.stdout, child.stderr] as Readable[]) {
    createInterface({ input }).on("line", (line) => logs.push(line));
  }
  const urls = await listeningUrls(child, setup.isolates ?? 1, logs);
  const pid = child.pid ?? 0;
  return {
    url: urls[0] ?? "",
    urls,
    cpuMs: () => cpuMsOf(pid),
    memoryMib: () => memoryMibOf(pid),
    logs,
    kill,
    async [Symbol.asyncDispose]() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }
}

/** With the ports that workerd chose and tells on its third descriptor. */
async function listeningUrls(
  child: ChildProcess,
  sockets: number,
  logs: readonly string[],
): Promise<string[]> {
  const urls: string[] = [];
  for await (const line of createInterface({ input: child.stdio[3] as Readable })) {
    const event = JSON.parse(line) as { event: string; port?: number };
    if (event.event === "listen") urls.push(`http://127.0.0.1:${event.port}`);
    if (urls.length === sockets) return urls;
  }
  throw new Error(`workerd did not start: ${logs.join("\n")}`);
}

/** User and system time of a process so far, milliseconds: Linux counts in ticks of 10 ms. */
export async function cpuMsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function memoryMibOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}
