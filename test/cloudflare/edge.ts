/**
 * What answers at the account's domains: the versions that are live, as they were uploaded, each in workerd
 * with the bindings, secrets, assets and KV values that the stand-in holds. A header chooses among split
 * versions, as Cloudflare's version overrides do. Points go to the account's datasets, lines to whoever tails.
 */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { convertV4MiniflareOptions, fetch, Miniflare } from "miniflare";
import * as z from "zod";
import { listen } from "../listen.ts";
import { type Account, type Binding, liveVersion, type Script, type Version } from "./account.ts";
import { datasetWorker, pointOf } from "./analytics.ts";
import { writeAssets } from "./assets.ts";
import type { Cloudflare } from "./server.ts";

const limitSchema = z.object({
  limit: z.number(),
  period: z.union([z.literal(10), z.literal(60)]),
});

export interface Edge extends AsyncDisposable {
  readonly url: string;
  /** What the Workers have logged so far. */
  readonly logs: readonly string[];
  /** Lets the next request find what is live by now. What has changed starts anew, with empty objects. */
  refresh(): Promise<void>;
  /** Runs the cron of what is live. */
  runCron(): Promise<void>;
}

interface Running {
  readonly runtime: Miniflare;
  readonly folder: string;
}

/** @param hosts where requests to other origins are sent instead, by origin */
export async function startEdge(
  { account, tails }: Cloudflare,
  hostname: string,
  hosts: Readonly<Record<string, string>>,
): Promise<Edge> {
  const running = new Map<string, Promise<Running>>();
  const logs: string[] = [];
  const log = (line: string) => {
    const point = pointOf(line);
    if (point === null) {
      logs.push(line);
      tails.send(line);
      return;
    }
    const { dataset, ...written } = point;
    account.points.set(dataset, [...(account.points.get(dataset) ?? []), written]);
  };
  let seen = "";
  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      console.error("edge:", error);
      response.destroy();
    });
  });
  const url = await listen(server);

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const script = account.scripts.get(account.domains.get(hostname) ?? "");
    if (script === undefined) {
      response.writeHead(530).end("no Worker answers at this name");
      return;
    }
    const { runtime } = await runningOf(chosen(script, request));
    const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
    const answer = await runtime.dispatchFetch(`https://${hostname}${request.url}`, {
      method: request.method ?? "GET",
      headers: Object.fromEntries(headers.filter(([name]) => name !== "host")),
      redirect: "manual",
    });
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(Buffer.from(await answer.arrayBuffer()));
  }

  function runningOf(version: Version): Promise<Running> {
    const started = running.get(version.id) ?? start(account, version, hosts, log);
    running.set(version.id, started);
    return started;
  }

  async function refresh(): Promise<void> {
    const now = fingerprintOf(account);
    if (now !== seen) await stop();
    seen = now;
  }

  async function stop(): Promise<void> {
    const all = await Promise.all(running.values());
    running.clear();
    for (const { runtime, folder } of all) {
      await runtime.dispose();
      await rm(folder, { recursive: true, force: true });
    }
  }

  return {
    url,
    logs,
    refresh,
    async runCron() {
      for (const script of account.scripts.values()) {
        const { runtime } = await runningOf(liveVersion(script));
        const worker = await runtime.getWorker();
        await worker.scheduled({ cron: "*/15 * * * *" });
      }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      await stop();
    },
  };
}

/** Of what is live, and of the KV values behind it. */
function fingerprintOf({ scripts, namespaces }: Account): string {
  const live = [...scripts.values()].map(({ deployments }) => deployments[0]?.id);
  const keys = [...namespaces.values()].flatMap(({ values }) => [...values.keys()]);
  return [...live, ...keys].join();
}

function chosen(script: Script, { headers }: IncomingMessage): Version {
  const wanted = /="([^"]+)"/.exec(String(headers["cloudflare-workers-version-overrides"]))?.[1];
  const isLive = script.deployments[0]?.versions.some(({ version_id }) => version_id === wanted);
  const version = script.versions.find(({ id }) => id === wanted);
  return isLive === true && version !== undefined ? version : liveVersion(script);
}

async function start(
  account: Account,
  version: Version,
  hosts: Readonly<Record<string, string>>,
  log: (line: string) => void,
): Promise<Running> {
  const folder = await mkdtemp(join(tmpdir(), "zoo-balance-edge-"));
  await writeAssets(account, version, folder);
  const of = (type: string) => version.bindings.filter((binding) => binding.type === type);
  const named = <T>(bindings: readonly Binding[], value: (binding: Binding) => T) =>
    Object.fromEntries(bindings.map((binding) => [binding.name, value(binding)] as const));
  const [main] = version.modules.filter(({ type }) => type.includes("javascript"));
  const runtime = new Miniflare({
    ...convertV4MiniflareOptions({
      workers: [
        {
          name: "proxy",
          modules: [{ type: "ESModule", path: "index.js", contents: main?.text ?? "" }],
          compatibilityDate: version.compatibilityDate,
          bindings: {
            ...named(of("plain_text"), ({ text }) => String(text)),
            ...named(of("secret_text"), ({ text }) => String(text)),
            ...named(of("json"), ({ json }) => z.json().parse(json)),
            ...named(of("version_metadata"), () => ({ id: version.id, tag: "", timestamp: "" })),
          },
          kvNamespaces: named(of("kv_namespace"), ({ namespace_id }) => ({
            id: String(namespace_id),
          })),
          durableObjects: named(of("durable_object_namespace"), ({ class_name }) => ({
            className: String(class_name),
            useSQLite: true,
          })),
          ratelimits: named(of("ratelimit"), ({ namespace_id, simple }) => ({
            namespace_id: String(namespace_id),
            simple: limitSchema.parse(simple),
          })),
          serviceBindings: named(of("analytics_engine"), ({ dataset }) => ({
            name: String(dataset),
          })),
          assets: {
            directory: folder,
            routerConfig: { has_user_worker: true },
            assetConfig: { compatibility_date: version.compatibilityDate, compatibility_flags: [] },
          },
          async outboundService(request) {
            const { origin, pathname, search } = new URL(request.url);
            const to = hosts[origin];
            if (to === undefined) throw new Error(`the network is off: ${origin}`);
            return fetch(`${to}${pathname}${search}`, {
              method: request.method,
              headers: request.headers,
              body: request.method === "GET" ? null : await request.arrayBuffer(),
              redirect: "manual",
            });
          },
        },
        ...of("analytics_engine").map(({ dataset }) => ({
          ...datasetWorker(String(dataset)),
          compatibilityDate: version.compatibilityDate,
        })),
      ],
      host: "127.0.0.1",
      port: 0,
      cf: false,
      handleStructuredLogs: ({ message }) => log(message),
    }),
  });
  for (const { name, namespace_id } of of("kv_namespace")) {
    const namespace = await runtime.getKVNamespace(name);
    const { values } = account.namespaces.get(String(namespace_id)) ?? {};
    for (const [key, { value }] of values ?? []) await namespace.put(key, value);
  }
  return { runtime, folder };
}
