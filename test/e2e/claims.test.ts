/** Where a token states issuer, audience, scope and account, as an entry of JWT_ISSUERS says. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newKey, type Provider, type ProviderKey, startProvider } from "./identity-provider.ts";
import { expectProblem } from "./problems.ts";
import { type StartedWorker, startWorker } from "./worker.ts";

let provider: Provider;
let key: ProviderKey;
let worker: StartedWorker;

/** Issuers that are names, not addresses. */
const NAMES = ["accounts.google.com", "P2abcdefgh", "http://sts.corp.example/adfs/services/trust"];

type Entry = Record<string, unknown>;
/** One issuer for each way to say where things stand. */
const ENTRIES: Record<string, Entry> = {
  list: { audience: ["app", "web"] },
  clientId: { audience: "client", audience_claim: "client_id" },
  nested: { audience: "app", audience_claim: ["context", "client"] },
  permissions: { scope: "read:zoo", scope_claims: ["permissions"] },
  roles: { scope: "Zoo Reader", scope_claims: ["roles", ["realm_access", "roles"]] },
  claim: { account_claim: ["app_metadata", "zoo_account"] },
  fallback: { account_claim: "https://example.com/account", account: "acme" },
};

beforeAll(async () => {
  provider = await startProvider();
  key = await newKey();
  provider.publish(key);
  const entry = { audience: "app", jwks_url: provider.jwksUrl };
  const entries = [
    ...NAMES.map((issuer) => ({ ...entry, issuer })),
    ...Object.entries(ENTRIES).map(([issuer, more]) => ({ ...entry, issuer, ...more })),
  ];
  worker = await startWorker({
    JWT_ISSUERS: JSON.stringify(entries),
    ACCOUNTS: JSON.stringify({ acme: { token: "ZOO_API_TOKEN" } }),
  });
});
afterAll(async () => {
  await worker.close();
  await provider[Symbol.asyncDispose]();
});

let requests = 0;
async function ask(iss: string, claims: object) {
  const id = `claims-${++requests}`;
  const token = await key.sign({ iss, aud: "app", sub: crypto.randomUUID(), ...claims });
  const headers = { authorization: `Bearer ${token}`, "x-request-id": id };
  return { id, response: await worker.balance(headers) };
}
async function accountOf(iss: string, claims: object): Promise<unknown> {
  const { response } = await ask(iss, claims);
  expect(response.status).toBe(200);
  return ((await response.json()) as { account: string }).account;
}
async function refusal(iss: string, claims: object, status: number, code: string) {
  const { id, response } = await ask(iss, claims);
  await expectProblem(response, status, code);
  const line = () => worker.logs.find((text) => text.includes(`"${id}"`)) ?? "{}";
  await expect.poll(line).toContain("reason");
  return JSON.parse(line()).reason;
}
const unauthorized = (iss: string, claims: object) =>
  refusal(iss, claims, 401, "invalid_credentials");

test.each(NAMES)(
  "the issuer %s is a name to compare with, not an address to call",
  async (issuer) => {
    expect(await accountOf(issuer, {})).toBe("default");
    expect(await unauthorized(`${issuer}/`, {})).toBe("issuer_spelling");
    expect(await unauthorized(`${issuer}.example`, {})).toBe("issuer");
  },
);

describe("the audience", () => {
  test("may be any of a list", async () => {
    expect(await accountOf("list", { aud: "web" })).toBe("default");
    expect(await accountOf("list", { aud: ["x", "app"] })).toBe("default");
    expect(await unauthorized("list", { aud: ["x"] })).toBe("audience");
    expect(await unauthorized("list", { aud: "API://web/" })).toBe("audience_spelling");
  });

  test("is looked at for its spelling in the first ten of a list, since anybody may send a long one", async () => {
    const others = (length: number) => Array.from({ length }, (_, n) => `other-${n}`);
    expect(await unauthorized("list", { aud: [...others(9), "Web"] })).toBe("audience_spelling");
    expect(await unauthorized("list", { aud: [...others(10), "Web"] })).toBe("audience");
    expect(await accountOf("list", { aud: [...others(10), "web"] })).toBe("default");
  });

  test("may stand in another claim, and then aud decides nothing", async () => {
    expect(await accountOf("clientId", { aud: undefined, client_id: "client" })).toBe("default");
    expect(await accountOf("clientId", { aud: "other", client_id: ["client"] })).toBe("default");
    expect(await unauthorized("clientId", { aud: "client" })).toBe("audience_missing");
    expect(await unauthorized("clientId", { aud: "client", client_id: "x" })).toBe("audience");
  });

  test("may stand in a claim of a claim", async () => {
    expect(await accountOf("nested", { context: { client: "app" } })).toBe("default");
    for (const context of [undefined, null, "app", ["app"], { app: "app" }]) {
      expect(await unauthorized("nested", { context })).toBe("audience_missing");
    }
  });
});

describe("the scope", () => {
  test("may be one of the permissions, which then also limit the view", async () => {
    expect(await accountOf("permissions", { permissions: ["x", "read:zoo"] })).toBe("default");
    const { response } = await ask("permissions", { permissions: ["read:zoo", "balance:status"] });
    expect(Object.keys((await response.json()) as object)).not.toContain("available");
    for (const claims of [{ permissions: [] }, { scope: "read:zoo" }, { scp: ["read:zoo"] }]) {
      const reason = await refusal("permissions", claims, 403, "insufficient_scope");
      expect(reason).toBe("scope_missing");
    }
  });

  test("may be a role with a space in its name, also within another claim", async () => {
    expect(await accountOf("roles", { roles: ["Zoo Reader"] })).toBe("default");
    expect(await accountOf("roles", { realm_access: { roles: ["Zoo Reader"] } })).toBe("default");
    for (const roles of [["Zoo"], ["Reader", "Zoo"], { "Zoo Reader": true }, null]) {
      const reason = await refusal("roles", { roles }, 403, "insufficient_scope");
      expect(reason).toBe("scope_missing");
    }
  });
});

describe("the account", () => {
  test("may stand within another claim", async () => {
    expect(await accountOf("claim", { app_metadata: { zoo_account: "acme" } })).toBe("acme");
    for (const app_metadata of [undefined, null, {}, "acme", { zoo_account: null }]) {
      const reason = await refusal("claim", { app_metadata }, 403, "unknown_account");
      expect(reason).toBe("account_claim_missing");
    }
    for (const zoo_account of ["", 7, ["acme"], "a b", "x".repeat(65)]) {
      const claims = { app_metadata: { zoo_account } };
      const reason = await refusal("claim", claims, 403, "unknown_account");
      expect(reason).toBe("account_claim_invalid");
    }
  });

  test("is the fixed one for a token without the claim, and only for such a token", async () => {
    expect(await accountOf("fallback", {})).toBe("acme");
    expect(await accountOf("fallback", { "https://example.com/account": "default" })).toBe(
      "default",
    );
    const claims = { "https://example.com/account": "no such account!" };
    const reason = await refusal("fallback", claims, 403, "unknown_account");
    expect(reason).toBe("account_claim_invalid");
    const unknown = { "https://example.com/account": "unheard-of" };
    expect(await refusal("fallback", unknown, 403, "unknown_account")).toBe("not_in_accounts");
  });
});

test("a token of 16 KiB with 200 groups gets in, also again from memory, and a longer one does not", async () => {
  const groups = Array.from({ length: 200 }, () => crypto.randomUUID());
  const { response } = await ask("list", { groups });
  expect(response.status).toBe(200);
  const sized = async (length: number) => {
    const claims = (padding: string) => key.sign({ iss: "list", aud: "app", sub: "s", padding });
    const bare = (await claims("")).length;
    let padding = "x".repeat(Math.floor(((length - bare) * 3) / 4) - 3);
    while ((await claims(padding)).length < length) padding += "x";
    return claims(padding);
  };
  const longest = await sized(16_384);
  expect(longest).toHaveLength(16_384);
  for (let n = 0; n < 3; n++) {
    expect((await worker.balance({ authorization: `Bearer ${longest}` })).status).toBe(200);
  }
  const longer = { authorization: `Bearer ${await sized(16_386)}` };
  await expectProblem(await worker.balance(longer), 401, "invalid_credentials");
});
