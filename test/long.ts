/** Whether this is `npm run test:soak`: many cases instead of a few. */
export const LONG = process.env.MODE === "soak";

/** Always the same in the short form, another one each time in the long form. `FC_SEED` repeats a run. */
export const seedOf = (short: number): number =>
  Number(process.env.FC_SEED ?? (LONG ? Date.now() % 2 ** 31 : short));
