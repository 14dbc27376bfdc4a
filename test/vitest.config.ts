import "../src/cli/require-node.cjs";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { useRamDisk } from "./ram-disk.ts";
import { LongFilesFirst } from "./sequencer.ts";

const root = new URL("..", import.meta.url).pathname;
// Wrangler and the project's commands are started some dozens of times: they are compiled once.
process.env.NODE_COMPILE_CACHE ??= `${root}node_modules/.cache/node-compile`;
useRamDisk();

/** A machine that is busy with other things is slow, not wrong. */
const TEST_MS = 300_000;
const EVENT_MS = 60_000;

export default defineConfig({
  root,
  test: {
    // Most tests wait for processes and sockets: on two cores a third worker is what keeps both busy.
    maxWorkers: 3,
    sequence: { sequencer: LongFilesFirst },
    projects: [
      {
        // In the Workers runtime itself, with KV and Durable Objects as workerd simulates them.
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              // What a test has not taken the part of is asked of nobody.
              outboundService: () => new Response("no test expects this request", { status: 501 }),
              bindings: {
                ZOO_API_TOKEN: "zoo_canary_token_MustNeverLeaveTheProxy",
                // Tests count calls of the balance; those of /user and /org have tests of their own.
                ZOO_INCLUDE_BLOCK: "false",
              },
            },
          }),
        ],
        test: {
          name: "runtime",
          include: ["test/runtime/**/*.test.ts"],
          setupFiles: ["test/runtime/clock.ts"],
          // One runtime for all files: what an isolate remembers belongs to a configuration, not to a module.
          isolate: false,
          testTimeout: TEST_MS,
          expect: { poll: { timeout: EVENT_MS } },
        },
      },
      {
        // In Node, from outside: the started Worker, the commands, the clients, and what holds the tree together.
        test: {
          name: "outside",
          include: ["test/{clients,deploy,e2e,fuzz,structure}/**/*.test.ts"],
          globalSetup: ["test/e2e/build.ts"],
          setupFiles: ["test/e2e/record.ts"],
          // Nearly every file needs Miniflare, which takes half a second of CPU to load: once for each process.
          isolate: false,
          testTimeout: TEST_MS,
          // Some compile a client.
          hookTimeout: 2 * TEST_MS,
          expect: { poll: { timeout: EVENT_MS } },
        },
      },
    ],
  },
});
