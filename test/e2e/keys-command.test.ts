/** `npm run keys` as a process: against local stores that a started Worker then reads, and remotely. */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountNames } from "../../src/cli/config/account-names.ts";
import { adviceOn } from "../../src/cli/key-store.ts";
import { sha256Hex } from "../../src/lib/digest.ts";
import { listen } from "../listen.ts";
import { type StartedWorker, startWorker } from "./worker.ts";

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function keys(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const all = ["src/cli/keys.ts", ...args];
    execFile(process.execPath, all, { env: { ...process.env, ...env } }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

const KEY = /zbp_[0-9A-Za-z]{49}/;
const ID = /\(id ([0-9A-Za-z]+)\)/;
const found = (pattern: RegExp, output: string, group = 0) => pattern.exec(output)?.[group] ?? "";

describe("npm run keys in the local stores", () => {
  let folder: string;
  let worker: StartedWorker;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "zoo-balance-keys-"));
    worker = await startWorker(
      { ACCOUNTS: JSON.stringify({ acme: { token: "ZOO_API_TOKEN" } }) },
      { storage: join(folder, "v3") },
    );
  });
  afterAll(async () => {
    await worker.close();
    await rm(folder, { recursive: true, force: true });
  });
  const local = (...args: string[]) => keys([...args, "--persist-to", folder]);
  const ask = (key: string) => worker.balance({ authorization: `Bearer ${key}` });

  test("creates a key that works at once, sees what its scope allows, and is stored as a digest only", async () => {
    const args = ["--name", "iOS staging", "--account", "acme", "--scope", "balance:status"];
    const { code, stdout, stderr } = await local("create", ...args, "--expires", "90d");
    expect(code).toBe(0);
    // The Worker of this test has the account, wrangler.toml has not.
    expect(stderr).toContain('ACCOUNTS has no "acme". There are: default.');
    expect(stderr).toContain("403 unknown_account");
    expect(stdout.match(new RegExp(KEY, "g"))).toHaveLength(1);
    const key = found(KEY, stdout);
    const response = await worker.status({ authorization: `Bearer ${key}` });
    expect(await response.json()).toEqual({
      account: "acme",
      status: "ok",
      as_of: expect.any(String),
      stale: false,
      stale_reason: null,
    });

    const listed = await local("list");
    expect(listed.stdout).toMatch(/iOS staging +acme +balance:status +2\d{3}-/);
    expect(listed.stdout).toContain(found(ID, stdout, 1));
    expect(listed.stdout).not.toMatch(KEY);
    const files = await readdir(folder, { recursive: true, withFileTypes: true });
    const contents = await Promise.all(
      files
        .filter((file) => file.isFile())
        .map((file) => readFile(join(file.parentPath, file.name), "latin1")),
    );
    expect(contents.join("\n")).toContain(await sha256Hex(key));
    expect(contents.join("\n")).not.toContain(key.slice(4, -6));
  });

  test("revokes a key, which is then refused and no longer listed", async () => {
    const { stdout } = await local("create", "--name", "short-lived");
    const revoked = await local("revoke", found(ID, stdout, 1));
    expect(revoked).toEqual({
      code: 0,
      stdout: expect.stringContaining("short-lived"),
      stderr: "",
    });
    expect((await ask(found(KEY, stdout))).status).toBe(401);
    expect((await local("list")).stdout).not.toContain("short-lived");
    expect((await local("revoke", found(ID, stdout, 1))).code).toBe(2);
  });
});

describe("npm run keys says what is wrong", () => {
  test.each([
    [["create"], "--name"],
    [["create", "--name", " "], "--name"],
    [["create", "--name", "x".repeat(101)], "--name"],
    [["create", "--name", "a\nb"], "--name"],
    [["create", "--name", "iOS", "staging"], "staging"],
    [["create", "--name", "x", "--account", "a b"], "--account"],
    [["create", "--name", "x", "--scope", "admin"], "--scope"],
    [["create", "--name", "x", "--expires", "soon"], "--expires"],
    [["create", "--name", "x", "--expires", "0d"], "--expires"],
    [["create", "--name", "x", "--expires", "2020-01-01"], "--expires"],
    [["create", "--name", "x", "--expires", "2027-02-30"], "--expires"],
    [["create", "--name", "x", "--forever"], "--forever"],
    [["create", "--name", "x", "--remote", "--persist-to", "y"], "--persist-to"],
    [["list", "--remote"], "--env production"],
    [["list", "--name", "x"], "--name"],
    [["list", "all"], "all"],
    [["revoke"], "ID"],
    [["revoke", "a", "b"], "ID"],
    [["destroy"], "destroy"],
  ])("with the arguments %j", async (args, word) => {
    const { code, stdout, stderr } = await keys(args);
    expect(code).toBe(2);
    expect(stderr.split("\n")[0]).toContain(word);
    expect(stderr).not.toContain("    at ");
    expect(stdout).toBe("");
  });

  test.each([
    ["revoke", `zbp_${"A".repeat(49)}`],
    ["list", `ZBP_${"a".repeat(20)}`],
    [`zbp_${"A".repeat(49)}`],
    ["list", `--zbp_${"A".repeat(49)}`],
    ["create", "--name", "x", "--expires", "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.AAAA"],
  ])("without quoting a credential that stands in the wrong place: %s", async (...args) => {
    const { code, stderr } = await keys(args);
    expect(code).not.toBe(0);
    const text = stderr.toLowerCase();
    expect(text.includes("takes the id of a key")).toBe(args[0] === "revoke");
    expect(text).not.toContain("aaaa");
    expect(text).not.toContain("eyj");
  });

  test("with an environment that wrangler.toml does not have", async () => {
    const { code, stdout, stderr } = await keys(["create", "--name", "x", "--env", "nowhere"]);
    expect(code).toBe(1);
    expect(stderr).toContain("nowhere");
    expect(stderr).not.toContain("Run it again");
    expect(stdout).not.toMatch(KEY);
  });
});

test("the accounts of an environment are those of its ACCOUNTS, as a table or as JSON", () => {
  const vars = (accounts: string) => `[env.production.vars]\n${accounts}\n[vars]\n`;
  expect(accountNames(vars('ACCOUNTS = { acme = { token = "A" } }'), "production")).toEqual([
    "default",
    "acme",
  ]);
  const json = vars(`ACCOUNTS = '{ "acme": { "token": "A" } }'`);
  expect(accountNames(json, "production")).toEqual(["default", "acme"]);
  expect(accountNames(json, "")).toEqual(["default"]);
  expect(accountNames(json, "staging")).toBe(null);
  expect(accountNames(vars('ACCOUNTS = "{"'), "production")).toBe(null);
});

test.each([
  ["A request to the Cloudflare API failed.\n Not here. [code: 10007]", "Deploy it first"],
  ['No KV namespace ID found for binding "API_KEYS"', "Deploy it first"],
  ["it's necessary to set a CLOUDFLARE_API_TOKEN", "wrangler login"],
  ["A request to the Cloudflare API failed.\n Authentication error [code: 10000]", "login"],
  ["A request to the Cloudflare API failed.\n namespace not found [code: 10013]", "was deleted"],
  ['No environment found in configuration with name "x"', "The reason is above"],
])("%j is answered with what is missing, not with the advice to repeat it", (output, words) => {
  expect(adviceOn(output)).toContain(words);
  expect(adviceOn(output)).not.toContain("Run it again");
});

test.each([
  "",
  "fetch failed",
  "SQLITE_BUSY",
  "A request to the Cloudflare API failed: an unknown error [code: 10002]",
])("a failure that may pass (%j) is to be repeated", (output) => {
  expect(adviceOn(output)).toContain("Run it again");
});

test("npm run keys --remote works through wrangler's login, into the namespace of the environment's Worker", async () => {
  const requests: string[] = [];
  const stored: { name: string; metadata: unknown }[] = [];
  /** As much of Cloudflare's API as wrangler asks for here. */
  const api = createServer(async (request, response) => {
    const body = await text(request);
    const path = (request.url ?? "").replace(/^.*\/accounts\/acc/, "").replace(/\?.*/, "");
    requests.push(`${request.method} ${path} ${request.headers.authorization}`);
    const name = path.split("/").at(-1) ?? "";
    let result: unknown = {};
    if (path.endsWith("/settings")) {
      result = { bindings: [{ type: "kv_namespace", name: "API_KEYS", namespace_id: "ns" }] };
    } else if (request.method === "PUT") {
      stored.push({ name, metadata: JSON.parse(/\{"id".*\}/.exec(body)?.[0] ?? "") });
    } else if (path.endsWith("/keys")) {
      result = stored;
    } else if (request.method === "DELETE") {
      stored.length = 0;
    }
    response.setHeader("content-type", "application/json");
    const result_info = { cursor: "", count: stored.length };
    response.end(JSON.stringify({ success: true, errors: [], messages: [], result, result_info }));
  });
  const base = `${await listen(api)}/client/v4`;
  const env = {
    CLOUDFLARE_API_BASE_URL: base,
    CLOUDFLARE_API_TOKEN: "an-operators-token",
    CLOUDFLARE_ACCOUNT_ID: "acc",
  };
  const remote = (...args: string[]) => keys([...args, "--remote", "--env", "production"], env);
  try {
    const { stdout, stderr } = await remote("create", "--name", "server");
    expect(stderr).toBe("");
    const digest = await sha256Hex(found(KEY, stdout));
    expect(stored).toEqual([
      { name: digest, metadata: expect.objectContaining({ name: "server" }) },
    ]);
    expect((await remote("list")).stdout).toContain("server");
    expect((await remote("revoke", found(ID, stdout, 1))).code).toBe(0);
    expect(stored).toEqual([]);
    const token = "Bearer an-operators-token";
    expect(requests).toContain(
      `GET /workers/scripts/zoo-balance-proxy-production/settings ${token}`,
    );
    expect(requests).toContain(`DELETE /storage/kv/namespaces/ns/values/${digest} ${token}`);
  } finally {
    api.closeAllConnections();
    api.close();
  }
});
