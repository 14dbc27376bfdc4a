/** How many cases, and from which seed: few and always the same in `npm test`, many and others in `npm run test:soak`. */
import { LONG, seedOf } from "../long.ts";

const seed = seedOf(20_261_124);

/** Prints what it takes to repeat it. A failure is shrunk, and shown with the seed. */
export function runs(
  name: string,
  { short, long }: { short: number; long: number },
  casesPerRun = 1,
): { seed: number; numRuns: number } {
  const numRuns = Math.ceil((LONG ? long : short) / casesPerRun);
  console.log(`fuzz: ${name}, ${numRuns * casesPerRun} cases, seed ${seed}`);
  return { seed, numRuns };
}
