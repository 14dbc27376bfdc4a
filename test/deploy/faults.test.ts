/**
 * Every call that an operator's commands make fails, is forbidden, hangs, or is cut off after it was done.
 * Each time the account must be in the old state or in the new one, the operator must have been told what
 * to do, and what they were told must lead to the new state. For `npm run test:soak`; the handbook's test has one of them.
 */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Account, newAccount, secretsOf } from "../cloudflare/account.ts";
import { type Cloudflare, FAULTS, type Fault, startCloudflare } from "../cloudflare/server.ts";
import { LONG } from "../long.ts";
import { type Clone, cloneProject } from "./clone.ts";

const WORKER = "zoo-balance-proxy-production";
/** Of a command that hangs; the others may be slow, on a machine that is busy. */
const HANG_SECONDS = 20;
const DEADLINE_SECONDS = 170;
const SOAK_MS = 3_600_000;

interface Ended {
  readonly code: number;
  readonly output: string;
}
interface Command {
  readonly args: readonly string[];
  readonly stdin?: string;
}

const DEPLOY: Command = {
  args: ["wrangler", "deploy", "--env", "production", "--secrets-file", ".secrets.env"],
};
const SECRET: Command = {
  args: ["wrangler", "secret", "put", "ZOO_API_TOKEN", "--env", "production"],
  stdin: "api-second",
};
const SECRETS: Command = {
  args: ["wrangler", "secret", "bulk", "--env", "production"],
  stdin: JSON.stringify({ ZOO_API_TOKEN: "api-second", ZOO_TOKEN_ACME: "api-acme" }),
};
const UPLOAD: Command = { args: ["wrangler", "versions", "upload", "--env", "production"] };
const CREATE: Command = {
  args: ["keys", "create", "--name", "smoke", "--remote", "--env", "production"],
};
const LIST: Command = { args: ["keys", "list", "--remote", "--env", "production"] };

/** Half of the callers get a version that was uploaded before. */
async function rollOut(): Promise<Command> {
  await prepare(UPLOAD);
  const versions = cloudflare.account.scripts.get(WORKER)?.versions ?? [];
  const shares = versions.slice(-2).map(({ id }) => `${id}@50`);
  return { args: ["wrangler", "versions", "deploy", ...shares, "-y", "--env", "production"] };
}

/** Of an account that is there no more. */
async function deleteSecret(): Promise<Command> {
  await prepare(SECRETS);
  return { args: ["wrangler", "secret", "delete", "ZOO_TOKEN_ACME", "--env", "production"] };
}

/** Of a key that was made before. */
async function revoke(): Promise<Command> {
  const output = await prepare(CREATE);
  const id = /\(id (\w+)\)/.exec(output)?.[1] ?? "";
  return { args: ["keys", "revoke", id, "--remote", "--env", "production"] };
}

/** @returns what it printed */
async function prepare(command: Command): Promise<string> {
  const { code, output } = await run(command);
  expect(code, output).toBe(0);
  return output;
}

let cloudflare: Cloudflare;
let clone: Clone;
beforeAll(async () => {
  if (!LONG) return;
  cloudflare = await startCloudflare();
  clone = await cloneProject();
  await writeFile(join(clone.folder, ".secrets.env"), "ZOO_API_TOKEN=api-first\n");
});
afterAll(async () => {
  if (!LONG) return;
  await clone[Symbol.asyncDispose]();
  await cloudflare[Symbol.asyncDispose]();
});

function run(command: Command, deadlineSeconds = DEADLINE_SECONDS): Promise<Ended> {
  const { args, stdin = "" } = command;
  const [script = "", ...rest] = args;
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [`src/cli/${script}.ts`, ...rest],
      {
        cwd: clone.folder,
        env: { ...process.env, ...cloudflare.env, DEADLINE_SECONDS: String(deadlineSeconds) },
      },
      (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr }),
    );
    child.stdin?.end(stdin);
  });
}

const original = await readFile("wrangler.toml", "utf8");

const TOLD = /Run it again|run the command again|wrangler login/;

/** What is live, in words that do not differ from one run to the next. */
function liveOf({ scripts }: Account, seen: number): string {
  const script = scripts.get(WORKER);
  if (script === undefined) return "nothing";
  const shares = script.deployments[0]?.versions.map(({ version_id, percentage }) => {
    const version = script.versions.find(({ id }) => id === version_id);
    if (version === undefined) throw new Error("what is live does not exist");
    const name = version.number > seen ? "new" : `version ${version.number}`;
    return `${name} at ${percentage} %: ${JSON.stringify(secretsOf(version))}`;
  });
  return String(shares);
}
const versionsOf = ({ scripts }: Account) => scripts.get(WORKER)?.versions.length ?? 0;

/** The calls of a command that goes well, each once, and what it makes live. The account is as before afterwards. */
async function rehearse(command: Command): Promise<{ calls: readonly string[]; live: string }> {
  const { account } = cloudflare;
  const before = structuredClone(account);
  const first = cloudflare.calls.length;
  await prepare(command);
  const live = liveOf(account, versionsOf(before));
  Object.assign(account, before);
  return { calls: [...new Set(cloudflare.calls.slice(first))], live };
}

/** Puts the ids of namespaces that are there without the Worker beside their bindings, as was printed. */
async function configureAsTold(output: string): Promise<boolean> {
  const told = [...output.matchAll(/binding = "(\w+)" {3}id = "(\w+)"/g)];
  const [before = "", after = ""] = original.split("[env.production]");
  const changed = told.reduce(
    (text, [, binding, id]) =>
      text.replace(`binding = "${binding}"\n`, `binding = "${binding}"\nid = "${id}"\n`),
    after,
  );
  await writeFile(join(clone.folder, "wrangler.toml"), `${before}[env.production]${changed}`);
  return told.length > 0;
}

/** Runs the command under a fault, and then, without it, what the operator is told. */
async function suffer(command: Command, call: string, fault: Fault, goal: string): Promise<void> {
  const { account } = cloudflare;
  const before = structuredClone(account);
  const seen = versionsOf(before);
  const old = liveOf(before, seen);
  cloudflare.setFault(call, fault);
  let ended = await run(command, fault === "hang" ? HANG_SECONDS : DEADLINE_SECONDS);
  cloudflare.clearFaults();
  const what = `${command.args.join(" ")}: ${call}: ${fault}\n${ended.output}`;
  expect([old, goal], what).toContain(liveOf(account, seen));
  if (ended.code !== 0) {
    expect(ended.output, what).toMatch(TOLD);
    const saysOld = /The old state is live|Nothing is live/.test(ended.output);
    if (saysOld) expect(liveOf(account, seen), what).toBe(old);
    if (ended.output.includes("The new state is live")) {
      expect(liveOf(account, seen), what).toBe(goal);
    }
    await configureAsTold(ended.output);
    ended = await run(command);
    // What an answer that was cut off had made is noticed only now.
    if (ended.code !== 0 && (await configureAsTold(ended.output))) ended = await run(command);
    expect(ended.code, `${what}\n--- again\n${ended.output}`).toBe(0);
  }
  expect(liveOf(account, seen), what).toBe(goal);
}

describe.runIf(LONG)("with every call at fault", () => {
  test.each([
    ["a first deployment", async () => DEPLOY, false],
    ["a deployment", async () => DEPLOY, true],
    ["a secret", async () => SECRET, true],
    ["several secrets", async () => SECRETS, true],
    ["a deleted secret", deleteSecret, true],
    ["an upload", async () => UPLOAD, true],
    ["a roll-out", rollOut, true],
    ["a new key", async () => CREATE, true],
    ["the list of keys", async () => LIST, true],
    ["a revoked key", revoke, true],
  ])(
    "%s ends in the old state or in the new one, and can be mended as it says",
    async (name, commandOf, isDeployed) => {
      const { account } = cloudflare;
      Object.assign(account, newAccount());
      await configureAsTold("");
      if (isDeployed) await prepare(DEPLOY);
      const command = await commandOf();
      const { calls, live } = await rehearse(command);
      const before = structuredClone(account);
      const wrong: string[] = [];
      for (const call of calls) {
        for (const fault of FAULTS) {
          await suffer(command, call, fault, live).catch((error) => wrong.push(String(error)));
          Object.assign(account, structuredClone(before));
          await configureAsTold("");
        }
      }
      console.log(`${name}: ${calls.length} calls, ${FAULTS.length} faults of each`);
      expect(wrong).toEqual([]);
    },
    SOAK_MS,
  );
});
