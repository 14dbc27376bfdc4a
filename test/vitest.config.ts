import "../src/cli/require-node.cjs";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

const root = new URL("..", import.meta.url).pathname;
// Wrangler and the project's commands are started some dozens of times: they are compiled once.
process.env.NODE_COMPILE_CACHE ??= `${root}node_modules/.cache/node-compile`;

export default defineConfig({
  root,
  test: {
    // Most tests wait for processes and sockets: on two cores a third worker is what keeps both busy.
    maxWorkers: 3,
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
          // One runtime for all files: what an isolate remembers belongs to a configuration, not to a module.
          isolate: false,
          testTimeout: 120_000,
        },
      },
      {
        // What holds the tree together: the layout, the documents, the supply chain.
        test: { name: "structure", include: ["test/structure/**/*.test.ts"] },
      },
      {
        // From outside: a started Worker over real sockets, with the stand-in Zoo.
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          setupFiles: ["test/e2e/record.ts"],
          globalSetup: ["test/e2e/build.ts"],
          // A machine that is busy with other things is slow, not wrong.
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: { poll: { timeout: 60_000 } },
        },
      },
      {
        // The operator's commands and the handbook, with a stand-in of Cloudflare's API.
        test: {
          name: "deploy",
          include: ["test/deploy/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 60_000,
        },
      },
      {
        // The clients for apps, in every language whose compiler is there, against a started Worker.
        test: {
          name: "clients",
          include: ["test/clients/**/*.test.ts"],
          globalSetup: ["test/e2e/build.ts"],
          testTimeout: 120_000,
          hookTimeout: 600_000,
        },
      },
      {
        // What nobody would think of: generated bodies, requests and configurations.
        test: {
          name: "fuzz",
          include: ["test/fuzz/**/*.test.ts"],
          globalSetup: ["test/e2e/build.ts"],
          testTimeout: 600_000,
        },
      },
    ],
  },
});
