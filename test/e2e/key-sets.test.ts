/** Key sets as providers publish them, and which of their keys verifies a token. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { newKey, type Provider, type ProviderKey, startProvider } from "./identity-provider.ts";
import { type StartedWorker, startWorker } from "./worker.ts";

const AUDIENCE = "app";
/** Providers of their own for the tests, since a Worker remembers each one's keys. */
const SPARE = 40;
const providers: Provider[] = [];
let worker: StartedWorker;
let next = 0;
let keys: Record<"a" | "b" | "second" | "unnamed" | "ed" | "rsa" | "forger", ProviderKey>;
beforeAll(async () => {
  for (let n = 0; n < SPARE; n++) providers.push(await startProvider());
  const entries = providers.map(({ url, jwksUrl }) => entry(url, jwksUrl));
  // A second key set for the same issuer and audience, at another path.
  const twice = providers.map(({ url }) => entry(url, `${url}/second`));
  worker = await startWorker({ JWT_ISSUERS: JSON.stringify([...entries, ...twice]) });
  const [a, b, second, unnamed, ed, rsa, forger] = [
    await newKey(),
    await newKey(),
    await newKey("ES384"),
    await newKey("ES256", null),
    await newKey("EdDSA"),
    await newKey("RS256"),
    await newKey(),
  ];
  keys = { a, b, second, unnamed, ed, rsa, forger };
});
afterAll(async () => {
  await worker.close();
  for (const provider of providers) await provider[Symbol.asyncDispose]();
});

const entry = (issuer: string, jwks_url: string) => ({ issuer, audience: AUDIENCE, jwks_url });

let provider: Provider;
/** One that nobody has asked yet, whose second set holds a key that no test uses. */
function fresh(...published: (ProviderKey | object)[]): void {
  const spare = providers[next++];
  if (spare === undefined) throw new Error("no spare provider");
  provider = spare;
  provider.publish(...published);
  only(() => null);
}
const only = (answer: Parameters<Provider["answer"]>[0]) =>
  provider.answer((path, headers) =>
    path === "/second" ? { body: { keys: [keys.second.jwk] } } : answer(path, headers),
  );
const fetches = () => provider.requests.filter(({ path }) => path === "/jwks").length;

let requests = 0;
async function ask(key: ProviderKey, header: object = {}) {
  const claims = { iss: provider.url, aud: AUDIENCE, sub: crypto.randomUUID() };
  const id = `key-set-${++requests}`;
  const authorization = `Bearer ${await key.sign(claims, header)}`;
  const { status } = await worker.balance({ authorization, "x-request-id": id });
  return { status, id };
}
const statusOf = async (key: ProviderKey, header: object = {}) => (await ask(key, header)).status;

async function reasonOf(key: ProviderKey, header: object = {}): Promise<unknown> {
  const { id } = await ask(key, header);
  const line = () => worker.logs.find((text) => text.includes(`"${id}"`)) ?? "{}";
  await expect.poll(line).toContain("reason");
  return JSON.parse(line()).reason;
}

describe("a key set endpoint", () => {
  test.each<[string, (accept: string) => boolean]>([
    ["application/jwk-set+json", (accept) => accept.includes("application/jwk-set+json")],
    ["application/json", (accept) => accept.includes("application/json")],
    ["*/*", (accept) => accept.includes("*/*")],
  ])(
    "that answers 406 to requests that do not accept %s is asked so that it answers",
    async (_, ok) => {
      fresh(keys.a);
      only((__, { accept = "" }) => (ok(accept) ? null : { status: 406, body: "" }));
      expect(await statusOf(keys.a)).toBe(200);
    },
  );

  test("that labels its set as text, with a byte order mark, is understood", async () => {
    fresh();
    const body = `\uFEFF${JSON.stringify({ keys: [keys.a.jwk], expires: 7 })}`;
    only(() => ({ headers: { "content-type": "text/plain" }, body }));
    expect(await statusOf(keys.a)).toBe(200);
  });

  test("with 150 keys and their certificates is understood", async () => {
    const x5c = ["M".repeat(2_500)];
    const many = Array.from({ length: 149 }, (_, n) => ({ ...keys.rsa.jwk, kid: `k${n}`, x5c }));
    fresh(...many, keys.a);
    expect(await statusOf(keys.a)).toBe(200);
    expect(await statusOf(keys.rsa, { kid: "k148" })).toBe(200);
  });

  test.each<[string, unknown]>([
    ["a redirect", { status: 302, headers: { location: "/elsewhere" }, body: "" }],
    ["text that is not JSON", { body: "<html>" }],
    ["JSON without keys", { body: { key: [] } }],
    ["no keys at all", { body: { keys: [] } }],
    ["only keys that cannot verify", { body: { keys: [{ kty: "oct", k: "AQ" }, null, 7] } }],
    ["more than a mebibyte", { body: { keys: [], padding: "x".repeat(1_100_000) } }],
  ])("that answers with %s makes the token undecidable, not bad", async (_, answer) => {
    fresh();
    only(() => answer as never);
    expect(await reasonOf(keys.a)).toBe("keys_unavailable");
  });
});

describe("a published key", () => {
  const nulls = { d: null, alg: null, use: null, x5c: null, x5t: null, key_ops: null, ext: null };
  test.each<[string, () => object]>([
    ["with nulls", () => ({ ...keys.a.jwk, ...nulls })],
    [
      "with operations that only its private half can do",
      () => ({ ...keys.a.jwk, key_ops: ["sign", "verify"] }),
    ],
    ["that says whether it is extractable", () => ({ ...keys.a.jwk, ext: true })],
    ["with members of strange types", () => ({ ...keys.a.jwk, x5c: 7, use: 7, ext: "yes" })],
    ["with its members twice", () => ({ ...keys.a.jwk, value: "-----BEGIN PUBLIC KEY-----" })],
  ])("%s verifies", async (_, jwk) => {
    fresh(jwk());
    expect(await statusOf(keys.a)).toBe(200);
    expect(await statusOf(keys.forger, { kid: keys.a.kid })).toBe(401);
  });

  test("whose number has a zero in front, padding or plain base64 verifies", async () => {
    const bytes = Buffer.from(String(keys.rsa.jwk.n), "base64url");
    fresh({ ...keys.rsa.jwk, n: Buffer.concat([Buffer.alloc(1), bytes]).toString("base64") });
    expect(await statusOf(keys.rsa)).toBe(200);
  });

  test("on a curve whose coordinate lost a zero in front verifies", async () => {
    let key = await newKey();
    const first = (name: string) => Buffer.from(String(key.jwk[name]), "base64url")[0];
    while (first("x") !== 0 && first("y") !== 0) key = await newKey();
    const short = (name: string) => {
      const bytes = Buffer.from(String(key.jwk[name]), "base64url");
      return bytes.subarray(bytes[0] === 0 ? 1 : 0).toString("base64url");
    };
    fresh({ ...key.jwk, x: short("x"), y: short("y") });
    expect(await statusOf(key)).toBe(200);
  });

  test.each<[string, () => object]>([
    [
      "of 1,024 bits",
      () => ({ ...keys.rsa.jwk, n: Buffer.alloc(128, 0xff).toString("base64url") }),
    ],
    [
      "with a certificate instead of numbers",
      () => ({ kty: "RSA", kid: keys.rsa.kid, x5c: ["MIIB"] }),
    ],
    ["for encryption", () => ({ ...keys.rsa.jwk, use: "enc" })],
    ["that is private", () => ({ ...keys.rsa.jwk, d: "AQ" })],
    ["of another algorithm", () => ({ ...keys.rsa.jwk, alg: "PS256" })],
    ["with a zero exponent", () => ({ ...keys.rsa.jwk, e: "AA" })],
  ])("%s is told apart from one that is not there", async (_, jwk) => {
    fresh(jwk(), keys.a);
    expect(await reasonOf(keys.rsa)).toBe("unfit_key");
    expect(await reasonOf(keys.rsa, { kid: "nobody-knows" })).toBe("unknown_key");
  });
});

describe("a token", () => {
  test.each(["some-id", "", undefined])(
    "with the key id %j is verified by a key without one",
    async (kid) => {
      fresh(keys.unnamed);
      expect(await statusOf(keys.unnamed, { kid })).toBe(200);
      expect(await statusOf(keys.forger, { kid })).toBe(401);
    },
  );

  test("with the id of a key is not verified by one without", async () => {
    fresh(keys.a, keys.unnamed);
    expect(await reasonOf(keys.unnamed, { kid: keys.a.kid })).toBe("signature");
  });

  test.each([
    ["EdDSA", "Ed25519"],
    ["Ed25519", "EdDSA"],
  ])("signed with %s is verified by a key published for %s", async (alg, published) => {
    fresh({ ...keys.ed.jwk, alg: published });
    expect(await statusOf(keys.ed, { alg })).toBe(200);
  });

  test("of the second of two key sets for one issuer and audience gets in", async () => {
    fresh(keys.a);
    provider.answer((path) => (path === "/second" ? { body: { keys: [keys.b.jwk] } } : null));
    expect(await statusOf(keys.b)).toBe(200);
    expect(await statusOf(keys.a)).toBe(200);
    expect(await statusOf(keys.forger)).toBe(401);
  });

  test("of the second key set gets in while the first cannot be had, and a forged one is undecidable", async () => {
    fresh();
    provider.answer((path) =>
      path === "/second" ? { body: { keys: [keys.b.jwk] } } : { status: 500, body: "" },
    );
    expect(await statusOf(keys.b)).toBe(200);
    expect(await reasonOf(keys.forger)).toBe("keys_unavailable");
  });
});

describe("a new key", () => {
  test("is asked for at once when its first token comes right after a fetch", async () => {
    fresh(keys.a);
    expect(await statusOf(keys.a)).toBe(200);
    provider.publish(keys.b);
    expect(await statusOf(keys.b)).toBe(200);
    expect(fetches()).toBe(2);
  });

  test("costs no more fetches for further unknown ids within the cooldown", async () => {
    fresh(keys.a);
    expect(await statusOf(keys.a)).toBe(200);
    const invented = Array.from({ length: 30 }, (_, n) => statusOf(keys.forger, { kid: `k${n}` }));
    expect(new Set(await Promise.all(invented))).toEqual(new Set([401]));
    for (let n = 0; n < 5; n++) expect(await statusOf(keys.forger, { kid: `l${n}` })).toBe(401);
    expect(fetches()).toBe(2);
    expect(await statusOf(keys.a)).toBe(200);
  });
});

afterEach(() => {
  expect(worker.logs.filter((line) => line.includes('"internal"'))).toEqual([]);
});
