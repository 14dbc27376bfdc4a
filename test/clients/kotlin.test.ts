/** What the Kotlin client shows, whatever goes wrong: `states.ts`. */
import { describe, test } from "vitest";
import { compare } from "./compare.ts";
import { COMPILED, compileKotlin, startHarness } from "./compiled.ts";
import { expectFirstBalance } from "./example.ts";

describe.skipIf(!COMPILED)("Kotlin", () => {
  compare(() => startHarness(compileKotlin("zoobalance.HarnessKt")));

  test("the README's example shows a balance", { timeout: 600_000 }, async () => {
    const { command, args } = await compileKotlin("recipes.FirstBalanceKt");
    await expectFirstBalance(command, args);
  });
});
