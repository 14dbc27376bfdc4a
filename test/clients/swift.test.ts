/** What the Swift client shows, whatever goes wrong: `states.ts`. */
import { describe, test } from "vitest";
import { compare } from "./compare.ts";
import { COMPILED, compileSwift, startHarness } from "./compiled.ts";
import { expectFirstBalance } from "./example.ts";

describe.skipIf(!COMPILED)("Swift", () => {
  compare(() => startHarness(compileSwift("Harness")));

  test("the README's example shows a balance", { timeout: 600_000 }, async () => {
    const { command, args } = await compileSwift("FirstBalance");
    await expectFirstBalance(command, args);
  });
});
