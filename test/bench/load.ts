/** A load on one URL by a well-kept generator: `wrk` where it is installed, else autocannon. */
import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import autocannon from "autocannon";

export interface Load {
  readonly url: string;
  /** One set of headers for all requests, or several that take turns. */
  readonly headers: readonly Readonly<Record<string, string>>[];
  readonly connections: number;
  readonly seconds: number;
  /** The one status there must be. */
  readonly status: number;
}

export interface Measured {
  readonly requests: number;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

export const GENERATOR = hasWrk() ? "wrk" : "autocannon";

function hasWrk(): boolean {
  try {
    execFileSync("wrk", ["--version"], { stdio: "ignore" });
    return true;
  } catch (error) {
    // It exists, but takes `--version` for a mistake.
    return error instanceof Error && "status" in error && typeof error.status === "number";
  }
}

/** @throws Error when any answer has another status, or a connection fails */
export function put(load: Load): Promise<Measured> {
  return GENERATOR === "wrk" ? withWrk(load) : withAutocannon(load);
}

async function withWrk({ url, headers, connections, seconds, status }: Load): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), "zoo-balance-load-"));
  try {
    const script = join(folder, "load.lua");
    await writeFile(script, luaOf(headers, status));
    const args = ["-t1", `-c${connections}`, `-d${seconds}s`, "-s", script, url];
    const { stdout } = await promisify(execFile)("wrk", args, { maxBuffer: 1 << 26 });
    const [requests, ms, bad, p50, p99] = /RESULT (.*)/.exec(stdout)?.[1]?.split(" ") ?? [];
    if (Number(bad) !== 0) throw new Error(`${bad} bad answers of ${requests}:\n${stdout}`);
    const perSecond = (Number(requests) / Number(ms)) * 1_000;
    return { requests: Number(requests), perSecond, p50: Number(p50), p99: Number(p99) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Requests are made ready once; each thread of wrk has its own Lua state, hence the one thread. */
function luaOf(headers: Load["headers"], status: number): string {
  const tables = headers.map((set) => {
    const pairs = Object.entries(set).map(([name, value]) => `[${quoted(name)}]=${quoted(value)}`);
    return `{${pairs.join(",")}}`;
  });
  return `
local sets = {${tables.join(",\n")}}
local ready = {}
local n = 0
local bad = 0
function init() for i, set in ipairs(sets) do ready[i] = wrk.format("GET", nil, set) end end
function request() n = n + 1; return ready[(n - 1) % #ready + 1] end
threads = {}
function setup(thread) table.insert(threads, thread) end
function response(status) if status ~= ${status} then bad = bad + 1 end end
function done(summary, latency)
  local wrong = threads[1]:get("bad") or 0
  for _, kind in ipairs({"connect", "read", "write", "timeout"}) do wrong = wrong + summary.errors[kind] end
  io.write(string.format("RESULT %d %f %d %f %f\\n", summary.requests, summary.duration / 1000, wrong,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
`.replace("local bad = 0", "bad = 0");
}

const quoted = (text: string) => JSON.stringify(text);

async function withAutocannon(load: Load): Promise<Measured> {
  const { url, headers, connections, seconds, status } = load;
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    requests: headers.map((set) => ({ headers: { ...set } })),
  });
  const good = result.statusCodeStats?.[`${status}` as const]?.count ?? 0;
  if (good !== result.requests.total || result.errors > 0) {
    throw new Error(`${result.requests.total - good} bad answers, ${result.errors} errors`);
  }
  return {
    requests: result.requests.total,
    perSecond: result.requests.total / result.duration,
    p50: result.latency.p50,
    p99: result.latency.p99,
  };
}
