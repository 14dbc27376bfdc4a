/**
 * The operator's handbook, run: every `sh` block of `src/cli/DEPLOY.md` in its order, in a clean clone and
 * without a terminal, against the stand-ins of Cloudflare and Zoo. What is uploaded is started in workerd, so
 * that the smoke tests of the handbook ask the Worker that its commands have deployed.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { liveVersion, type Script, secretsOf } from "../cloudflare/account.ts";
import { type Edge, startEdge } from "../cloudflare/edge.ts";
import { type Cloudflare, startCloudflare } from "../cloudflare/server.ts";
import { LONG } from "../long.ts";
import { startZoo, type Zoo } from "../zoo/server.ts";
import { type Clone, cloneProject, GIT_ENV } from "./clone.ts";
import { type Block, blocksOf, openShell, type Shell } from "./shell.ts";

const HANDBOOK = "src/cli/DEPLOY.md";
const DOMAIN = "balance.example.com";
const WORKER = "zoo-balance-proxy-production";
const [FIRST, SECOND, THIRD] = ["api-first", "api-second", "api-third"];

/** Commands that need a browser, a public network or a receiver of one's own. */
const NOT_RUN = [
  "npm ci && npx wrangler login",
  "npm run alerts -- test https://hooks.example.com/zoo",
];

/** In `npm run test:soak`, as all of them take minutes. */
const long = test.runIf(LONG);

const blocks = blocksOf(await readFile(HANDBOOK, "utf8"));
const left = new Set<Block>(blocks);

let cloudflare: Cloudflare;
let zoo: Zoo;
let edge: Edge;
let clone: Clone;
let shell: Shell;

beforeAll(async () => {
  cloudflare = await startCloudflare();
  zoo = await startZoo({ token: FIRST });
  edge = await startEdge(cloudflare, DOMAIN, { "https://api.zoo.dev": zoo.url });
  clone = await cloneProject();
  shell = await openShell(clone.folder, { ...cloudflare.env, ...GIT_ENV, CI: "true" });
});
afterAll(async () => {
  await shell[Symbol.asyncDispose]();
  await clone[Symbol.asyncDispose]();
  await edge[Symbol.asyncDispose]();
  await zoo.close();
  await cloudflare[Symbol.asyncDispose]();
});

/** Runs the next blocks of the section, up to a `toml` one; whichever waits for a secret reads the input. */
async function follow(section: string, stdin = ""): Promise<string> {
  const outputs: string[] = [];
  for (const block of [...left]) {
    if (block.section !== section) continue;
    if (block.info === "toml") break;
    left.delete(block);
    if (block.info !== "sh") continue;
    // The one thing that is not as written: the domain leads to the started Worker.
    const code = block.code.replaceAll(`https://${DOMAIN}`, edge.url);
    await edge.refresh();
    outputs.push(
      await shell.run(code, /cat >|^npm run wrangler -- secret put/.test(code) ? stdin : ""),
    );
  }
  return outputs.join("\n");
}

/** Puts the section's next `toml` block where the handbook says, and its secret into `required`. */
async function configure(section: string, secret: string): Promise<void> {
  const [block] = [...left].filter(({ info, section: of }) => info === "toml" && of === section);
  if (block === undefined) throw new Error(`${section} has no toml`);
  left.delete(block);
  const file = join(clone.folder, "wrangler.toml");
  const text = await readFile(file, "utf8");
  const changed = text
    .replace("[env.production.vars]\n", `[env.production.vars]\n${block.code}\n`)
    .replace('required = ["', `required = ["${secret}", "`);
  await writeFile(file, changed);
}

function worker(): Script {
  const script = cloudflare.account.scripts.get(WORKER);
  if (script === undefined) throw new Error("nothing is deployed");
  return script;
}
const liveSecrets = () => secretsOf(liveVersion(worker()));

describe("the handbook", () => {
  // Each step stands on those before it.
  let broken = false;
  beforeEach(({ skip }) => skip(broken, "an earlier step failed"));
  afterEach(({ task }) => {
    broken ||= task.result?.state === "fail";
  });

  test("leaves out only what cannot be run here", () => {
    const others = blocks.filter(({ info }) => !/^(sh|sh endless|toml)$/.test(info));
    expect(others.map(({ info }) => info)).toEqual(NOT_RUN.map(() => "console"));
    expect(others.map(({ code }) => code)).toEqual(NOT_RUN);
  });

  test("leads from a clone to a balance", async () => {
    const output = await follow("Once: the first deployment", `ZOO_API_TOKEN=${FIRST}\n`);
    expect(output).toMatch(/ok {5}.*balance.*All is well\.\n/s);
    expect(worker().versions).toHaveLength(1);
    expect(liveSecrets()).toEqual({ ZOO_API_TOKEN: FIRST });
    expect(cloudflare.account.domains).toEqual(new Map([[DOMAIN, WORKER]]));
    expect(worker().subdomain).toEqual({ enabled: false, previews_enabled: false });
    expect(worker().schedules).toEqual([{ cron: "*/15 * * * *" }]);
    expect(worker().deployments[0]?.codeUpdate).toBe("immediate");
    expect([...cloudflare.account.scripts.keys()]).toEqual([WORKER]);
    // Neither the token nor the key is shown.
    expect(output).not.toMatch(/api-first|zbp_\w{20}/);
  });

  long("deploys a new version with the secrets of the old one", async () => {
    await clone.pushChange();
    const before = worker().versions.length;
    expect(await follow("A new version")).toContain("All is well.");
    expect(worker().versions).toHaveLength(before + 1);
    expect(liveSecrets()).toEqual({ ZOO_API_TOKEN: FIRST });
  });

  test("rotates the token, and the old one may be deleted", async () => {
    zoo.setFault(null, SECOND);
    zoo.setFault({ kind: "status", status: 401 }, FIRST);
    const rotatedAt = Date.now();
    const output = await follow("Rotating the Zoo token", SECOND);
    const asOf = /"as_of":"([^"]+)"/.exec(output)?.[1] ?? "";
    expect(Date.parse(asOf)).toBeGreaterThanOrEqual(Math.floor(rotatedAt / 1_000) * 1_000);
    expect(liveSecrets()).toEqual({ ZOO_API_TOKEN: SECOND });
    expect(output).not.toContain(SECOND);
    const refreshed = edge.logs.filter((line) => line.includes('"event":"refreshed"'));
    expect(refreshed.at(-1)).toContain(`"version":"${liveVersion(worker()).id}"`);
  });

  test("stops a command that takes too long, and still asks what is live", async () => {
    const call = `PUT /workers/scripts/${WORKER}/secrets`;
    cloudflare.setFault(call, "hang");
    // So short that neither wrangler nor a question could end in it: questions have a deadline of their own.
    const put =
      "DEADLINE_SECONDS=0.1 npm run wrangler -- secret put ZOO_API_TOKEN --env production";
    await expect(shell.run(put, THIRD)).rejects.toThrow(
      /did not answer in time.*The old state is live.*Run it again/s,
    );
    cloudflare.clearFaults();
    expect(liveSecrets()).toEqual({ ZOO_API_TOKEN: SECOND });
  });

  long("adds an account, whose callers see it", async () => {
    const section = "Another Zoo account";
    zoo.setFault(null, "api-acme");
    await follow(section, "api-acme");
    await configure(section, "ZOO_TOKEN_ACME");
    const before = zoo.balanceRequests.length;
    expect(await follow(section)).toContain("All is well.");
    expect(liveSecrets()).toEqual({ ZOO_API_TOKEN: SECOND, ZOO_TOKEN_ACME: "api-acme" });
    const [asked] = zoo.balanceRequests.slice(before);
    expect(asked?.path).toContain("/org/payment/balance");
    expect(asked?.headers.authorization).toBe("Bearer api-acme");
  });

  long("switches alerts on", async () => {
    const section = "The first alert";
    await follow(section);
    expect(liveSecrets().ALERTS_SECRET).toMatch(/^whsec_\S{40,}$/);
    await configure(section, "ALERTS_SECRET");
    expect(await follow(section)).toContain("All is well.");
    const alerts = liveVersion(worker()).bindings.find(({ name }) => name === "ALERTS");
    expect(alerts).toMatchObject({ type: "json", json: { secret: "ALERTS_SECRET" } });
  });

  long("rolls out step by step, the new version asked before anybody gets it", async () => {
    const before = worker().deployments.length;
    const output = await follow("Rolling out step by step");
    expect(output.match(/All is well\./g)).toHaveLength(3);
    const steps = worker().deployments.slice(0, -before).reverse();
    const latest = worker().versions.at(-1)?.id;
    const shareOf = steps.map(
      ({ versions }) => versions.find(({ version_id }) => version_id === latest)?.percentage,
    );
    expect(shareOf).toEqual([0, 10, 100]);
  });

  long("goes back to the code of before with the secrets of today", async () => {
    const section = "Going back";
    const secrets = liveSecrets();
    expect(await follow(section)).toContain("All is well.");
    const names = liveVersion(worker()).bindings.map(({ name }) => name);
    expect(names).not.toContain("ALERTS");
    expect(names).toContain("ACCOUNTS");
    expect(liveSecrets()).toEqual(secrets);
  });

  long("sets a new token while versions are split, which wrangler alone refuses", async () => {
    const [latest, older] = worker().versions.slice(-2).reverse();
    const put = "npm run wrangler -- secret put ZOO_API_TOKEN --env production";
    const split = `npx wrangler versions deploy ${older?.id}@50 ${latest?.id}@50 -y --env production`;
    await shell.run(split);
    await expect(shell.run(put, THIRD)).rejects.toThrow(/--secrets-file/);
    zoo.setFault(null, THIRD);
    zoo.setFault({ kind: "status", status: 401 }, SECOND);
    const section = "When the token is dead and nothing goes";
    expect(await follow(section, `ZOO_API_TOKEN=${THIRD}\n`)).toContain("All is well.");
    expect(worker().deployments[0]?.versions).toHaveLength(1);
    expect(liveSecrets()).toMatchObject({ ZOO_API_TOKEN: THIRD });
  });

  long("shows that the Worker is well, and its log", async () => {
    await edge.refresh();
    await edge.runCron();
    const output = await follow("Watching");
    expect(output).toMatch(/"status":"ok".*"status":"ready"/s);
    const [block] = blocks.filter(({ info }) => info === "sh endless");
    const child = spawn("bash", ["-c", `exec ${block?.code}`], {
      cwd: clone.folder,
      env: { ...process.env, ...cloudflare.env },
      stdio: ["ignore", "pipe", "inherit"],
      // A Ctrl-C reaches everything that the command has started.
      detached: true,
    });
    const ended = once(child, "close");
    await cloudflare.tails.watched();
    await fetch(`${edge.url}/v1/balance`, { headers: { authorization: "Bearer of-nobody" } });
    for await (const seen of createInterface({ input: child.stdout })) {
      if (seen.includes('"event":"denied"')) break;
    }
    if (child.pid === undefined) throw new Error("the command did not start");
    process.kill(-child.pid, "SIGINT");
    await ended;
  });

  long("prints the report", async () => {
    const points = cloudflare.account.points.get("zoo_balance_proxy_production") ?? [];
    const answers = points.filter(({ blobs: [route] }) => route?.startsWith("/v1/balance"));
    expect(answers.length).toBeGreaterThan(9);
    const output = await follow("The Monday report");
    expect(output).toMatch(
      new RegExp(`answers +${answers.length} to .*objective 99.900 %: met`, "s"),
    );
    expect(output).toContain("missing_credentials, no_header");
  });

  long("has no block that was not run, and made no call that the stand-in does not know", () => {
    expect([...left].filter(({ info }) => info === "sh")).toEqual([]);
    expect(cloudflare.unknown).toEqual([]);
  });
});
