/** The smoke test as a process, against instances that are well and that are not. */
import { execFile } from "node:child_process";
import { createServer, type RequestListener } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listen } from "../listen.ts";
import { type StartedWorker, startWorker } from "./worker.ts";

interface Outcome {
  readonly code: number;
  readonly text: string;
}

type Asked = Readonly<{ CREDENTIAL?: string; VERSION?: string }>;

function smoke(args: readonly string[], asked: Asked = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const { CREDENTIAL, VERSION, ...inherited } = process.env;
    const env = { ...inherited, ...asked };
    execFile(process.execPath, ["src/cli/smoke.ts", ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code) || -1, text: stdout + stderr });
    });
  });
}

let worker: StartedWorker;
beforeAll(async () => {
  worker = await startWorker();
});
afterAll(() => worker.close());

test("a good instance passes, with a credential and without", async () => {
  const without = await smoke([worker.url]);
  expect(without.text).toContain("All is well.");
  expect(without.text).toContain("set CREDENTIAL");
  expect(without.code).toBe(0);
  const withOne = await smoke([`${worker.url}/`], { CREDENTIAL: worker.token });
  expect(withOne.text).toContain("ok     a balance is answered as promised");
  expect(withOne.text).toMatch(/Zoo's answer is of \d{4}-/);
  expect(withOne.text).not.toContain(worker.token);
  expect(withOne.code).toBe(0);
});

test("the version that VERSION names must be the one that answers, and both are said", async () => {
  const health = await fetch(`${worker.url}/health`);
  const { version } = (await health.json()) as { version: string };
  const good = await smoke([worker.url], { VERSION: version });
  expect(good.text).toContain(`Version ${version} answers.`);
  expect(good.code).toBe(0);
  const other = "11111111-2222-4333-8444-555555555555";
  const { code, text } = await smoke([worker.url], { VERSION: other });
  expect(text).toContain(`version ${version} answered instead of ${other}`);
  expect(text).toContain("versions deploy");
  expect(text).not.toContain("?.");
  expect(text).not.toContain("All is well.");
  expect(code).toBe(1);
});

test.each(["CREDENTIAL", "VERSION"] as const)(
  "an empty %s is refused, because what it should have named would not be asked",
  async (name) => {
    const { code, text } = await smoke([worker.url], { [name]: " " });
    expect(text).toContain(`${name} is set, but empty`);
    expect(text).not.toContain("All is well.");
    expect(code).toBe(2);
  },
);

describe("the smoke test says what is wrong", () => {
  async function against(listener: RequestListener): Promise<Outcome> {
    const server = createServer(listener);
    try {
      return await smoke([await listen(server)]);
    } finally {
      server.close();
    }
  }

  test("with a credential that is refused, without quoting it", async () => {
    const { code, text } = await smoke([worker.url], { CREDENTIAL: "canary-no-credential" });
    expect(text).toContain(
      "its ETag saves the next one: status 401 instead of 200: the credential is refused",
    );
    expect(text).not.toContain("canary-no-credential");
    expect(code).toBe(1);
  });

  test("with a variable that breaks its rule", async () => {
    await using broken = await startWorker({ FRESH_SECONDS: "never" });
    const { code, text } = await smoke([broken.url]);
    expect(text).toContain("status 500 instead of 200: a variable or secret is missing or wrong");
    expect(code).toBe(1);
  });

  test("where nobody answers", async () => {
    const { code, text } = await smoke(["http://127.0.0.1:1"]);
    expect(text).toContain("no answer");
    expect(text).toContain("Is it deployed");
    expect(code).toBe(1);
  });

  test("where another service answers", async () => {
    const { code, text } = await against((_, response) =>
      response.end("<h1>Welcome to nginx</h1>"),
    );
    expect(text).toContain("something else answers at this address");
    expect(code).toBe(1);
  });

  test("where anybody gets the balance", async () => {
    const { text } = await against((_, response) => response.end('{"status":"ok"}'));
    expect(text).toContain("it shows the balance to anybody");
  });
});

test("a credential with a line break is refused without being printed", async () => {
  const { code, text } = await smoke([worker.url], {
    CREDENTIAL: "canary-secret\r\nx-other: canary-tail",
  });
  expect(text).toContain("holds a character that no header may have");
  expect(text).not.toContain("canary");
  expect(code).toBe(1);
});

test.each([
  [[]],
  [["http://balance.example.com"]],
  [["balance.example.com"]],
  [["https://a.example", "x"]],
])("the arguments %j are answered with the usage", async (args) => {
  const { code, text } = await smoke(args);
  expect(text).toContain("Usage:");
  expect(code).toBe(2);
});

describe("each single fault of an instance is found", () => {
  /** What a good instance answers, but for one thing. */
  async function spoiled(
    spoil: (path: string, answer: { status: number; headers: Headers; body: string }) => void,
  ) {
    const server = createServer(async ({ url = "/", headers }, response) => {
      const asked: Record<string, string> = {};
      for (const name of ["authorization", "if-none-match"] as const) {
        const value = headers[name];
        if (value !== undefined) asked[name] = value;
      }
      const good = await fetch(worker.url + url, { headers: asked });
      const answer = {
        status: good.status,
        headers: new Headers(good.headers),
        body: await good.text(),
      };
      spoil(url, answer);
      for (const name of ["content-length", "transfer-encoding", "content-encoding"])
        answer.headers.delete(name);
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(answer.body);
    });
    try {
      return await smoke([await listen(server)], { CREDENTIAL: worker.token });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  test("a good instance passes through the same proxy without any", async () => {
    expect((await spoiled(() => undefined)).text).toContain("All is well.");
  });

  test.each<[string, string, Parameters<typeof spoiled>[0]]>([
    [
      "a missing nosniff",
      "x-content-type-options is null",
      (path, { headers }) => path === "/health" && headers.delete("x-content-type-options"),
    ],
    [
      "a page without HSTS",
      "strict-transport-security is null",
      (path, { headers }) => path === "/" && headers.delete("strict-transport-security"),
    ],
    [
      "a page that is JSON",
      "content-type is application/json",
      (path, { headers }) => path === "/" && headers.set("content-type", "application/json"),
    ],
    [
      "a refusal without WWW-Authenticate",
      "www-authenticate is null",
      (_, { headers }) => headers.delete("www-authenticate"),
    ],
    [
      "a refusal that may be kept",
      "cache-control is private",
      (_, answer) => answer.status === 401 && answer.headers.set("cache-control", "private"),
    ],
    [
      "a refusal with another code",
      "code other instead of",
      (_, answer) => {
        if (answer.status === 401)
          answer.body = answer.body.replace(/"code":"\w+"/, '"code":"other"');
      },
    ],
    [
      "an unknown path that is answered with 200",
      "status 200 instead of 404",
      (path, answer) => {
        if (path === "/v1/nothing") answer.status = 200;
      },
    ],
    [
      "a description that is not OpenAPI",
      "/openapi.json is not the description",
      (path, answer) => {
        if (path === "/openapi.json") answer.body = "{}";
      },
    ],
    ["a balance without ETag", "there is no ETag", (_, { headers }) => headers.delete("etag")],
    [
      "a conditional request that is answered with 200",
      "status 200 instead of 304",
      (_, answer) => {
        if (answer.status === 304) answer.status = 200;
      },
    ],
    [
      "a balance that shared caches may keep",
      "cache-control is public",
      (_, answer) =>
        answer.headers.get("etag") && answer.headers.set("cache-control", "public, max-age=60"),
    ],
    ["a balance without Vary", "vary is null", (_, { headers }) => headers.delete("vary")],
    [
      "a body that is not a balance",
      "the body is not a balance",
      (path, answer) => {
        if (path === "/v1/balance") answer.body = answer.body.replace('"available"', '"left"');
      },
    ],
    [
      "a stale value",
      "the value is stale (upstream_rejected)",
      (path, answer) => {
        if (path === "/v1/balance")
          answer.body = answer.body.replace(
            '"stale":false,"stale_reason":null',
            '"stale":true,"stale_reason":"upstream_rejected"',
          );
      },
    ],
  ])("%s", async (_, words, spoil) => {
    const { code, text } = await spoiled(spoil);
    expect(text).toContain(words);
    expect(code).toBe(1);
  });
});
