/** What the Swift client shows, whatever goes wrong: `states.ts`. */
import { describe } from "vitest";
import { compare } from "./compare.ts";
import { COMPILED, startSwift } from "./compiled.ts";

describe.skipIf(!COMPILED)("Swift", () => compare(startSwift));
