/** What the Kotlin client shows, whatever goes wrong: `states.ts`. */
import { describe } from "vitest";
import { compare } from "./compare.ts";
import { COMPILED, startKotlin } from "./compiled.ts";

describe.skipIf(!COMPILED)("Kotlin", () => compare(startKotlin));
