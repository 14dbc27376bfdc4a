/** Whether this is `npm run test:soak`: many cases instead of a few. */
export const LONG = process.env.MODE === "soak";
