import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  test: {
    projects: [
      {
        // In the Workers runtime itself, with KV and Durable Objects as workerd simulates them.
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: {
                ZOO_API_TOKEN: "zoo_canary_token_MustNeverLeaveTheProxy",
                // Tests count calls of the balance; those of /user and /org have tests of their own.
                ZOO_INCLUDE_BLOCK: "false",
              },
            },
          }),
        ],
        test: { name: "runtime", include: ["test/runtime/**/*.test.ts"] },
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
          globalSetup: ["test/e2e/build.ts"],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        // The clients for apps, in every language whose compiler is there, against a started Worker.
        test: {
          name: "clients",
          include: ["test/clients/**/*.test.ts"],
          globalSetup: ["test/e2e/build.ts"],
          testTimeout: 30_000,
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
