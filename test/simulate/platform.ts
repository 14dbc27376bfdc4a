/** Bindings for the project's own code in virtual time: KV, Durable Objects, Zoo and the identity provider. */
import type { Edge } from "../world/edge.ts";
import { HOME } from "../world/latency.ts";
import { ObjectStorage } from "./storage.ts";

type Methods = Readonly<Record<string, (...args: unknown[]) => unknown>>;
export type ObjectClass = new (ctx: DurableObjectState, env: never) => object;

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export interface PlatformSetup {
  readonly edge: Edge;
  readonly vars: Readonly<Record<string, string>>;
  /** By the name of their binding. */
  readonly classes: Readonly<Record<string, ObjectClass>>;
  /** The identity provider's. */
  readonly keySet: string;
}

export class Platform {
  readonly #setup: PlatformSetup;
  readonly #objects = new Map<string, ObjectHost>();

  constructor(setup: PlatformSetup) {
    this.#setup = setup;
  }

  /** A new isolate's environment. Nothing is remembered beyond it. */
  environment(city: number): Record<string, unknown> {
    const { edge, vars, classes } = this.#setup;
    const namespaces = Object.keys(classes).map((binding) => [
      binding,
      { getByName: (name: string) => this.#stub(city, binding, name) },
    ]);
    return {
      ...vars,
      BALANCE_KV: this.#kv(city, "BALANCE_KV"),
      API_KEYS: this.#kv(city, "API_KEYS"),
      ...Object.fromEntries(namespaces),
      METRICS: {
        writeDataPoint: () => {
          edge.counts.points += 1;
        },
      },
      CALLER_LIMIT: { limit: async () => ({ success: true }) },
      FAILURE_LIMIT: { limit: async () => ({ success: true }) },
    };
  }

  /** In place of the global one: the objects alone fetch, from where they live. */
  readonly fetch = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const { edge, keySet } = this.#setup;
    const { pathname } = new URL(url);
    const isKeys = pathname.endsWith("jwks.json");
    const answer = isKeys ? edge.keys(keySet, Date.now()) : edge.zoo(pathname, Date.now());
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, answer.ms);
      init.signal?.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(new Error("aborted"));
      });
    });
    const headers = { "content-type": "application/json" };
    return new Response(answer.body, { status: answer.status, headers });
  };

  #kv(city: number, namespace: string) {
    const { edge } = this.#setup;
    return {
      async get(key: string, { type, cacheTtl }: { type: string; cacheTtl: number }) {
        const { ms, value } = edge.read(city, `${namespace} ${key}`, cacheTtl, Date.now());
        await sleep(ms);
        return value === null || type === "text" ? value : (JSON.parse(value) as unknown);
      },
      async put(key: string, value: string) {
        edge.write(`${namespace} ${key}`, value, Date.now());
      },
    };
  }

  #stub(city: number, binding: string, name: string): object {
    const call = async (method: string, args: unknown[]) => {
      const host = this.#host(binding, name);
      const { ms, isCold } = this.#setup.edge.hop(city, `${binding} ${name}`, Date.now());
      await sleep(ms / 2);
      const answer = await host.call(method, structuredClone(args), isCold);
      await sleep(ms / 2);
      return structuredClone(answer);
    };
    return new Proxy(
      {},
      {
        get: (_, method) =>
          typeof method === "string" && method !== "then"
            ? (...args: unknown[]) => call(method, args)
            : undefined,
      },
    );
  }

  #host(binding: string, name: string): ObjectHost {
    const id = `${binding} ${name}`;
    let host = this.#objects.get(id);
    if (host === undefined) {
      const type = this.#setup.classes[binding];
      if (type === undefined) throw new Error(`no class for ${binding}`);
      host = new ObjectHost(type, this.environment(HOME), this.#setup.edge);
      this.#objects.set(id, host);
    }
    return host;
  }
}

/** One object: its storage stays, the instance goes when it has been idle. */
class ObjectHost {
  readonly #type: ObjectClass;
  readonly #env: object;
  readonly #storage: ObjectStorage;
  #instance: Methods | null = null;
  #busy = 0;

  constructor(type: ObjectClass, env: object, edge: Edge) {
    this.#type = type;
    this.#env = env;
    this.#storage = new ObjectStorage(() => {
      edge.counts.alarms += 1;
      void this.call("alarm", [], false);
    });
  }

  async call(method: string, args: unknown[], isCold: boolean): Promise<unknown> {
    if (isCold && this.#busy === 0) this.#instance = null;
    this.#instance ??= this.#start();
    return this.#whileBusy(Promise.resolve(this.#instance[method]?.(...args)));
  }

  #start(): Methods {
    const ctx = {
      storage: this.#storage,
      waitUntil: (work: Promise<unknown>) => void this.#whileBusy(work).catch(() => undefined),
    };
    // Of the platform's context the project uses these two, and the constructor takes any environment.
    return new this.#type(ctx as unknown as DurableObjectState, this.#env as never) as Methods;
  }

  async #whileBusy<T>(work: Promise<T>): Promise<T> {
    this.#busy += 1;
    try {
      return await work;
    } finally {
      this.#busy -= 1;
    }
  }
}
