/** The command as a process, and alerts from a started Worker, over real sockets to a receiver of its own. */
import { execFile } from "node:child_process";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Chaos, startChaos } from "./chaos.ts";
import { conformWebhook } from "./conform.ts";

const SECRET = `whsec_${btoa("another secret of thirty-two ...")}`;

describe("npm run alerts", () => {
  function alerts(
    args: readonly string[],
    secret = SECRET,
    options: readonly string[] = [],
  ): Promise<{ code: number; text: string }> {
    return new Promise((resolve) => {
      const env = { ...process.env, ALERTS_SECRET: secret };
      execFile(
        process.execPath,
        [...options, "src/cli/alerts.ts", ...args],
        { env },
        (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code), text: stdout + stderr });
        },
      );
    });
  }

  test.each<[string[], string, string]>([
    [[], SECRET, "Usage:"],
    [["test"], SECRET, "Usage:"],
    [["send", "https://hooks.example.com/"], SECRET, "Usage:"],
    [["test", "http://hooks.example.com/"], SECRET, "must be https"],
    [["test", "https://127.0.0.1/"], SECRET, "its host public"],
    [["test", "https://hooks.example.com/"], "short", "ALERTS_SECRET must be base64"],
  ])("the arguments %j are refused with the reason", async (args, secret, expected) => {
    const { code, text } = await alerts(args, secret);
    expect(text).toContain(expected);
    expect(code).toBe(2);
  });

  /** Nobody is asked: the address would be a public one. */
  const answering = (status: number) => [
    "--import",
    `data:text/javascript,globalThis.fetch=async()=>new Response(null,{status:${status}})`,
  ];

  test.each([
    [204, 0, "The receiver accepted it (status 204)."],
    [302, 1, "status 302: redirects are not followed"],
    [410, 1, "status 410: the Worker would drop the event"],
    [500, 1, "status 500: anything but 2xx is sent again"],
  ])(
    "a receiver that answers %i is reported in words, without the secret",
    async (status, expected, words) => {
      const args = ["test", "https://hooks.example.com/"];
      const { code, text } = await alerts(args, SECRET, answering(status));
      expect(text).toContain(words);
      expect(text).not.toContain(SECRET);
      expect(code).toBe(expected);
    },
  );
});

describe("a started Worker", () => {
  let chaos: Chaos;
  beforeAll(async () => {
    const alerts = { url: "https://hooks.example.com/zoo", secret: "HOOK_SECRET" };
    chaos = await startChaos({
      accounts: {},
      vars: {
        ALERTS: JSON.stringify({ ...alerts, thresholds: ["50.00", "40"] }),
        HOOK_SECRET: SECRET,
      },
    });
  });
  afterAll(() => chaos[Symbol.asyncDispose]());

  test("tells of each crossing in order, signed, and keeps secrets and amounts out of the log", async () => {
    expect((await chaos.balance("default")).status).toBe(200);
    await expect.poll(() => chaos.hooks.length).toBe(2);
    const heard = chaos.hooks.map(({ headers, body }) => new Webhook(SECRET).verify(body, headers));
    expect(heard).toMatchObject([
      {
        type: "balance.low",
        data: { account: "default", threshold: "50.00", available: "37.3583" },
      },
      {
        type: "balance.low",
        data: { account: "default", threshold: "40.00", available: "37.3583" },
      },
    ]);
    for (const { body } of chaos.hooks) conformWebhook(body);
    const ids = chaos.hooks.map(({ headers }) => headers["webhook-id"]);
    expect(new Set(ids).size).toBe(2);
    const logs = () => chaos.logs.join("\n");
    await expect.poll(logs).toContain('"event":"alert_sent"');
    expect(logs()).not.toContain(SECRET);
    expect(logs()).not.toContain("37.3583");
  });
});
