/**
 * Each provider as src/callers/PROVIDERS.md configures it: its tokens get in, and what its trap is about
 * does not. The providers' addresses lead to a stand-in that publishes keys as they do.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { unstable_readConfig } from "wrangler";
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

/** As wrangler reads it. */
async function issuersOf(toml: string): Promise<Issuer[]> {
  const folder = await mkdtemp(join(tmpdir(), "zoo-balance-providers-"));
  const config = join(folder, "wrangler.toml");
  await writeFile(config, `name = "x"\n${toml}`);
  const { vars } = unstable_readConfig({ config, env: "production" }, { hideWarnings: true });
  await rm(folder, { recursive: true });
  return vars.JWT_ISSUERS as unknown as Issuer[];
}

test("every provider has a row in the table, a section, and tokens in this test", () => {
  const rows = [...document.matchAll(/^\| \[([^\]]+)\]\(#([^)]+)\) +\|/gm)];
  const names = sections.map(({ name }) => name);
  expect(rows.map(([, name]) => name)).toEqual(names);
  expect(Object.keys(PROVIDER_TOKENS)).toEqual(names);
  const anchors = names.map((name) => name.toLowerCase().replaceAll(",", "").replaceAll(" ", "-"));
  expect(rows.map(([, , anchor]) => anchor)).toEqual(anchors);
});

describe.each(sections)("$name", ({ name, toml }) => {
  let standIn: Provider;
  let worker: StartedWorker;
  const keys = new Map<string, ProviderKey>();
  const { discovered, good, refused = [] }: ProviderTokens = PROVIDER_TOKENS[name] ?? { good: [] };
  const keyOf = ({ alg, keySet = "" }: Shape) => keys.get(`${alg} ${keySet}`);

  beforeAll(async () => {
    for (const { alg, keySet = "" } of good) {
      const id = `${alg} ${keySet}`;
      if (!keys.has(id)) keys.set(id, await newKey(alg));
    }
    const issuers = await issuersOf(toml);
    standIn = await startProvider();
    standIn.answer((path) => {
      const url = `https:/${path}`;
      const issuer = issuers.find(
        (entry) => `${entry.issuer.replace(/\/$/, "")}/.well-known/openid-configuration` === url,
      );
      if (issuer !== undefined) return { body: { issuer: issuer.issuer, jwks_uri: discovered } };
      if (![discovered, ...issuers.map(({ jwks_url }) => jwks_url)].includes(url)) {
        return { status: 404, body: "" };
      }
      const published = [...keys].filter(([id]) => url.includes(id.split(" ")[1] ?? ""));
      const use = { use: "sig", x5c: ["MIIB"] };
      return { body: { keys: published.map(([, { jwk, alg }]) => ({ ...jwk, alg, ...use })) } };
    });
    worker = await startWorker(
      { JWT_ISSUERS: JSON.stringify(issuers) },
      { outbound: (url) => (url.protocol === "https:" ? `${standIn.url}/${url.host}` : null) },
    );
  });
  afterAll(async () => {
    await worker.close();
    await standIn[Symbol.asyncDispose]();
  });

  test.each(good.map((shape, n) => [n + 1, shape] as const))(
    "as configured lets its token in (%i)",
    async (_, shape) => {
      const token = await keyOf(shape)?.sign(shape.claims, shape.header);
      const response = await worker.balance({ authorization: `Bearer ${token}` });
      expect(response.status, worker.logs.join("\n")).toBe(200);
    },
  );

  test.each(refused)("refuses what its trap is about: %s", async (reason, shape) => {
    const [anyKey] = keys.values();
    const token = await (keyOf(shape) ?? anyKey)?.sign(shape.claims, shape.header);
    const id = `trap-${crypto.randomUUID()}`;
    const response = await worker.balance({ authorization: `Bearer ${token}`, "x-request-id": id });
    expect([401, 403]).toContain(response.status);
    const line = () => worker.logs.find((text) => text.includes(id)) ?? "{}";
    await expect.poll(line).toContain("reason");
    expect(JSON.parse(line()).reason).toBe(reason);
  });
});
