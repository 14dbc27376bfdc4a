import { defineConfig } from "vitest/config";

/** The API's description, as tools see it that others use. Run by `.ci/description/run`. */
export default defineConfig({
  root: new URL("../..", import.meta.url).pathname,
  test: {
    include: ["test/description/**/*.test.ts"],
    globalSetup: ["test/e2e/build.ts"],
    // Most of the time, compilers are waited for.
    maxWorkers: 2,
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
