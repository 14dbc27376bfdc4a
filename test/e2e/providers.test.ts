/**
 * Each provider as src/callers/PROVIDERS.md configures it: its tokens get in, and what its trap is about
 * does not. The providers' addresses lead to a stand-in that publishes keys as they do.
 */
import { readFile } from "node:fs/promises";
import { parse } from "smol-toml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Issuer } from "../../src/config/issuers.ts";
import { newKey, type Provider, type ProviderKey, startProvider } from "./identity-provider.ts";
import { PROVIDER_TOKENS, type ProviderTokens, type Shape } from "./provider-tokens.ts";
import { type StartedWorker, startWorker } from "./worker.ts";

const document = await readFile("src/callers/PROVIDERS.md", "utf8");
const sections = document
  .split(/^### /m)
  .slice(1)
  .flatMap((section) => {
    const [name = ""] = section.split("\n");
    const toml = /```toml\n([\s\S]*?)```/.exec(section)?.[1];
    return toml === undefined ? [] : [{ name, toml }];
  });

function issuersOf(toml: string): Issuer[] {
  const { env } = parse(toml) as { env: { production: { vars: { JWT_ISSUERS: Issuer[] } } } };
  return env.production.vars.JWT_ISSUERS;
}

test("every provider has a row in the table, a section, and tokens in this test", () => {
  const rows = [...document.matchAll(/^\| \[([^\]]+)\]\(#([^)]+)\) +\|/gm)];
  const names = sections.map(({ name }) => name);
  expect(rows.map(([, name]) => name)).toEqual(names);
  expect(Object.keys(PROVIDER_TOKENS)).toEqual(names);
  const anchors = names.map((name) => name.toLowerCase().replaceAll(",", "").replaceAll(" ", "-"));
  expect(rows.map(([, , anchor]) => anchor)).toEqual(anchors);
});

/** A section with its entries, and the keys that sign its tokens. */
interface Configured {
  readonly issuers: readonly Issuer[];
  readonly keys: ReadonlyMap<string, ProviderKey>;
  readonly discovered: string | undefined;
  /** Issuers of its entries and of its traps. */
  readonly named: ReadonlySet<string>;
}

const keyId = ({ alg, keySet = "" }: Shape) => `${alg} ${keySet}`;

async function configuredOf(name: string, toml: string): Promise<Configured> {
  const { discovered, good = [], refused = [] } = PROVIDER_TOKENS[name] ?? {};
  const keys = new Map<string, ProviderKey>();
  for (const shape of good) {
    if (!keys.has(keyId(shape))) keys.set(keyId(shape), await newKey(shape.alg));
  }
  const issuers = issuersOf(toml);
  const named = new Set([
    ...issuers.map(({ issuer }) => issuer),
    ...refused.map(([, { claims }]) => `${claims.iss}`),
  ]);
  return { issuers, keys, discovered, named };
}

/** What the provider itself answers, or null where the address is not one of its own. */
function answerOf({ issuers, keys, discovered }: Configured, url: string) {
  const issuer = issuers.find(
    (entry) => `${entry.issuer.replace(/\/$/, "")}/.well-known/openid-configuration` === url,
  );
  if (issuer !== undefined) return { body: { issuer: issuer.issuer, jwks_uri: discovered } };
  if (![discovered, ...issuers.map(({ jwks_url }) => jwks_url)].includes(url)) return null;
  const published = [...keys].filter(([id]) => url.includes(id.split(" ")[1] ?? ""));
  const use = { use: "sig", x5c: ["MIIB"] };
  return { body: { keys: published.map(([, { jwk, alg }]) => ({ ...jwk, alg, ...use })) } };
}

/** Providers in one configuration: those that have no issuer in common, nor in what the trap of one is about. */
class Together {
  readonly providers = new Map<string, Configured>();
  #standIn: Provider | undefined;
  worker: StartedWorker | undefined;

  takes({ named }: Configured): boolean {
    return [...this.providers.values()].every((other) => named.isDisjointFrom(other.named));
  }

  async start(): Promise<void> {
    const providers = [...this.providers.values()];
    const standIn = await startProvider();
    standIn.answer((path) => {
      const answers = providers.map((provider) => answerOf(provider, `https:/${path}`));
      return answers.find((answer) => answer !== null) ?? { status: 404, body: "" };
    });
    this.#standIn = standIn;
    this.worker = await startWorker(
      { JWT_ISSUERS: JSON.stringify(providers.flatMap(({ issuers }) => issuers)) },
      { outbound: (url) => (url.protocol === "https:" ? `${standIn.url}/${url.host}` : null) },
    );
  }

  async close(): Promise<void> {
    await this.worker?.close();
    await this.#standIn?.[Symbol.asyncDispose]();
  }
}

const groups: Together[] = [];
beforeAll(async () => {
  for (const { name, toml } of sections) {
    const provider = await configuredOf(name, toml);
    const group = groups.find((some) => some.takes(provider)) ?? new Together();
    if (!groups.includes(group)) groups.push(group);
    group.providers.set(name, provider);
  }
  for (const group of groups) await group.start();
});
afterAll(async () => {
  for (const group of groups) await group.close();
});

describe.each(sections)("$name", ({ name }) => {
  const { good, refused = [] }: ProviderTokens = PROVIDER_TOKENS[name] ?? { good: [] };

  /** The Worker that knows the provider, and a token of that shape. */
  async function tried(shape: Shape): Promise<[StartedWorker, string]> {
    const group = groups.find(({ providers }) => providers.has(name));
    const keys = group?.providers.get(name)?.keys ?? new Map<string, ProviderKey>();
    const [anyKey] = keys.values();
    const token = await (keys.get(keyId(shape)) ?? anyKey)?.sign(shape.claims, shape.header);
    if (group?.worker === undefined || token === undefined) throw new Error("not started");
    return [group.worker, token];
  }

  test.each(good.map((shape, n) => [n + 1, shape] as const))(
    "as configured lets its token in (%i)",
    async (_, shape) => {
      const [worker, token] = await tried(shape);
      const response = await worker.balance({ authorization: `Bearer ${token}` });
      expect(response.status, worker.logs.join("\n")).toBe(200);
    },
  );

  test.each(refused)("refuses what its trap is about: %s", async (reason, shape) => {
    const [worker, token] = await tried(shape);
    const id = `trap-${crypto.randomUUID()}`;
    const response = await worker.balance({ authorization: `Bearer ${token}`, "x-request-id": id });
    expect([401, 403]).toContain(response.status);
    const line = () => worker.logs.find((text) => text.includes(id)) ?? "{}";
    await expect.poll(line).toContain("reason");
    expect(JSON.parse(line()).reason).toBe(reason);
  });
});
