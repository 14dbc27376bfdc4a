/** The stand-in of Cloudflare's API refuses what the real one refuses, by the same numbers. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { explain, explainDeletion, type Failure } from "../../src/cli/wrangler/failure.ts";
import { ACCOUNT_ID } from "../cloudflare/account.ts";
import { type Cloudflare, FAULTS, startCloudflare } from "../cloudflare/server.ts";

const SCRIPT = "/workers/scripts/proxy";
const CLASSES = { new_sqlite_classes: ["AccountBalance"] };

let cloudflare: Cloudflare;
beforeAll(async () => {
  cloudflare = await startCloudflare();
});
afterAll(() => cloudflare[Symbol.asyncDispose]());

interface Said {
  readonly status: number;
  readonly code: number | undefined;
  readonly result: Readonly<Record<string, unknown>>;
}

async function call(method: string, path: string, body?: unknown): Promise<Said> {
  const { CLOUDFLARE_API_BASE_URL: base, CLOUDFLARE_API_TOKEN: token } = cloudflare.env;
  const response = await fetch(`${base}/accounts/${ACCOUNT_ID}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    body: body instanceof FormData ? body : JSON.stringify(body),
  });
  const { errors, result } = (await response.json()) as {
    errors: { code: number }[];
    result: Readonly<Record<string, unknown>>;
  };
  return { status: response.status, code: errors[0]?.code, result };
}

function upload(metadata: object): FormData {
  const form = new FormData();
  form.set("metadata", JSON.stringify(metadata));
  form.set("index.js", new File(["export default {}"], "index.js"));
  return form;
}
const secret = (text: string) => ({ type: "secret_text", name: "ZOO_API_TOKEN", text });
const put = (metadata: object) => call("PUT", SCRIPT, upload(metadata));
const post = (metadata: object) => call("POST", `${SCRIPT}/versions`, upload(metadata));
const idsOf = () => cloudflare.account.scripts.get("proxy")?.versions.map(({ id }) => id) ?? [];
const share = (...shares: readonly (readonly [string | undefined, number])[]) =>
  call("POST", `${SCRIPT}/deployments`, {
    versions: shares.map(([version_id, percentage]) => ({ version_id, percentage })),
  });

test("a first upload is live alone, and its secret is never shown", async () => {
  const { status } = await put({
    bindings: [secret("first")],
    migrations: { new_tag: "v1", steps: [CLASSES] },
  });
  expect(status).toBe(200);
  const { result } = await call("GET", `${SCRIPT}/settings`);
  expect(result.bindings).toEqual([{ type: "secret_text", name: "ZOO_API_TOKEN" }]);
});

test("a namespace's title is taken once (10014)", async () => {
  expect((await call("POST", "/storage/kv/namespaces", { title: "keys" })).code).toBeUndefined();
  expect((await call("POST", "/storage/kv/namespaces", { title: "keys" })).code).toBe(10_014);
});

test("a list has an end, where wrangler stops asking: the page behind the last is empty", async () => {
  const pageOf = async (number: number) =>
    (await call("GET", `/storage/kv/namespaces?per_page=5&page=${number}`)).result;
  expect(await pageOf(1)).toHaveLength(1);
  expect(await pageOf(2)).toEqual([]);
});

test.each([
  [10_041, { bindings: [{ type: "kv_namespace", name: "KV", namespace_id: "none" }] }],
  [10_057, { bindings: [{ type: "inherit", name: "ALERTS_SECRET" }] }],
  [10_061, { bindings: [{ type: "durable_object_namespace", name: "X", class_name: "Stranger" }] }],
  [10_079, { migrations: { old_tag: "v7", new_tag: "v8", steps: [] } }],
])("an upload that cannot work is refused with %i and changes nothing", async (code, metadata) => {
  const before = structuredClone(cloudflare.account.scripts);
  expect(await put(metadata)).toMatchObject({ status: 400, code });
  expect(cloudflare.account.scripts).toEqual(before);
});

test("a version inherits from the latest upload, and migrations are for whole deployments (10211)", async () => {
  expect((await post({ migrations: { old_tag: "v1", new_tag: "v2" } })).code).toBe(10_211);
  expect((await post({ keep_bindings: ["secret_text"] })).status).toBe(200);
  expect(cloudflare.account.scripts.get("proxy")?.versions.at(-1)?.bindings).toEqual([
    secret("first"),
  ]);
});

test("shares must add up to 100 (10210), and while versions are split no secret is set (10215)", async () => {
  const [first, second] = idsOf();
  expect((await share([first, 50], [second, 40])).code).toBe(10_210);
  expect((await share([first, 50], [second, 50])).status).toBe(200);
  const set = () => call("PUT", `${SCRIPT}/secrets`, { name: "ZOO_API_TOKEN", text: "second" });
  expect((await set()).code).toBe(10_215);
  expect((await share([second, 100])).status).toBe(200);
  expect((await set()).status).toBe(200);
});

test("secrets are set and deleted together, and one that is not there cannot be deleted (10056)", async () => {
  const secretsNow = () =>
    cloudflare.account.scripts
      .get("proxy")
      ?.versions.at(-1)
      ?.bindings.map(({ name }) => name);
  const patch = (secrets: object) => call("PATCH", `${SCRIPT}/secrets-bulk`, { secrets });
  expect((await patch({ A: { text: "a" }, B: { text: "b" } })).status).toBe(200);
  expect(secretsNow()).toEqual(["ZOO_API_TOKEN", "A", "B"]);
  expect((await patch({ A: null })).status).toBe(200);
  expect((await call("DELETE", `${SCRIPT}/secrets/B`)).status).toBe(200);
  expect(secretsNow()).toEqual(["ZOO_API_TOKEN"]);
  expect(await call("DELETE", `${SCRIPT}/secrets/B`)).toMatchObject({ status: 404, code: 10_056 });
});

test("going back over a changed secret needs force (10220)", async () => {
  expect((await share([idsOf()[0], 100])).code).toBe(10_220);
});

test("a domain needs a zone of the account", async () => {
  const { code } = await call("POST", `${SCRIPT}/domains/changeset`, [{ hostname: "a.example" }]);
  expect(code).toBe(100_117);
});

describe("of each failure it is said what is live and what to do", () => {
  const live = (id: string) => ({ id, versions: [{ id: "v-1", percentage: 100 }] });
  const failure = (change: Partial<Failure>): Failure => ({
    args: ["deploy", "--env", "production"],
    output: "A request to the Cloudflare API failed.",
    timedOut: false,
    before: live("d-1"),
    live: live("d-1"),
    orphans: [],
    ...change,
  });
  const said = (change: Partial<Failure>) => explain(failure(change)).join("\n");

  test.each([10_000, 10_041, 10_057, 10_061, 10_079, 10_210, 10_211, 10_215, 10_220, 100_117])(
    "number %i has advice of its own",
    (code) => {
      const text = said({ output: `refused [code: ${code}]` });
      expect(text).toContain("The old state is live, as before: v-1 at 100 %.");
      expect(text.split("\n")).toHaveLength(3);
      expect(text).not.toContain("The reason is above");
    },
  );

  test("the state is that after the command, whichever it is", () => {
    expect(said({})).toContain("The old state is live");
    expect(said({ live: live("d-2") })).toContain("The new state is live");
    expect(said({ before: null, live: null })).toContain("Nothing is live");
    expect(said({ live: "unknown" })).toContain("deployments status");
    expect(said({ before: "unknown" })).toContain("Live is now: v-1");
    expect(said({ args: ["versions", "upload"] })).toContain("not touched by this command");
  });

  test("what Cloudflare failed at is to be repeated, what the operator got wrong is not", () => {
    const again = "Run it again, it may be repeated: npm run wrangler -- deploy --env production";
    expect(said({})).toContain(again);
    expect(said({ timedOut: true, output: "" })).toContain("did not answer in time");
    expect(said({ timedOut: true, output: "" })).toContain(again);
    expect(said({ output: "Unknown argument: prod" })).not.toContain(again);
  });

  test("what the project's build refused is to be mended, whatever wrangler's dump speaks of", () => {
    const dump = "Socket { _events: {} } network terminated fetch failed";
    const refused = `${dump}\n[ERROR] Running custom build \`npm run gate\` failed.`;
    const bundling = 'Build failed with 1 error: Could not resolve "fetch failed"';
    expect(said({ output: refused })).toContain("Mend it, then run the same command again.");
    expect(said({ output: refused })).toContain("[custom build]");
    expect(said({ output: bundling })).toContain("Mend it, then");
    for (const output of [refused, bundling]) {
      expect(said({ output })).not.toMatch(/Run it again|cloudflarestatus/);
    }
  });

  test("what Cloudflare refuses is to be mended, what Cloudflare calls its own error is to be repeated", () => {
    const call = "A request to the Cloudflare API (/accounts/1) failed.";
    const refused = said({ output: `${call}\n  Uncaught SyntaxError [code: 10021]` });
    expect(refused).toContain("says above why, with its number. Mend that");
    expect(refused).not.toMatch(/Run it again|cloudflarestatus/);
    const failed = said({ output: `${call}\n  An unknown error has occurred. [code: 10002]` });
    expect(failed).toContain("Run it again");
  });

  test("a secret that is not there is deleted, unless Cloudflare never had it, and its name is not repeated", () => {
    const there = ["ZOO_API_TOKEN"];
    expect(explainDeletion("GONE", there, "terminated")).toMatchObject({ done: true });
    const never = explainDeletion("canary-value", there, "not found. [code: 10056]");
    expect(never).toMatchObject({ done: false, words: expect.stringContaining("ZOO_API_TOKEN") });
    expect(never?.words).not.toContain("canary");
    expect(explainDeletion("ZOO_API_TOKEN", there, "terminated")).toBeNull();
    expect(explainDeletion("GONE", null, "terminated")).toBeNull();
  });

  test("namespaces that exist are an old attempt's, or those of the Worker that is live", () => {
    const output = "A request to the Cloudflare API failed. [code: 10014]";
    const first = said({ output, before: null, live: null });
    expect(first).toContain("stopped halfway");
    // Their ids could not be asked, so it is said how.
    expect(first).toMatch(/kv namespace list.*then run the command again/);
    expect(said({ output })).toMatch(/did not say which KV namespaces.*Run it again/s);
  });

  test("namespaces that may not be seen are a matter of the login, not of a missing secret", () => {
    const output = "inherit binding 'API_KEYS' is invalid: no such binding [code: 10057]";
    const text = said({ output, before: null, live: null });
    expect(text).toContain("Workers KV Storage: Edit");
    expect(text).not.toContain("secrets.required");
  });

  test("namespaces without a Worker are to be given to it, never to be deleted", () => {
    const text = said({ live: null, orphans: [{ id: "abc", binding: "API_KEYS" }] });
    expect(text).toContain('binding = "API_KEYS"   id = "abc"');
    expect(text).not.toContain("delete");
  });
});

test("a fault befalls the call that it is set for, and no other", async () => {
  expect(FAULTS).toEqual(["fail", "forbid", "hang", "cut"]);
  const before = cloudflare.account.namespaces.size;
  const body = { title: "faulty" };
  cloudflare.setFault("POST /storage/kv/namespaces", "fail");
  expect((await call("POST", "/storage/kv/namespaces", body)).status).toBe(500);
  expect((await call("GET", "/storage/kv/namespaces")).status).toBe(200);
  cloudflare.setFault("POST /storage/kv/namespaces", "cut");
  await expect(call("POST", "/storage/kv/namespaces", body)).rejects.toThrow();
  // It was done all the same.
  expect(cloudflare.account.namespaces.size).toBe(before + 1);
  cloudflare.clearFaults();
});
