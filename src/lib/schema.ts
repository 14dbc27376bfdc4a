/** Building blocks of the schemas, on `zod/mini` to keep the bundle small. */
import * as z from "zod/mini";

/** Text that satisfies a predicate; `rule` is the error message. */
export const textThat = (holds: (text: string) => boolean, rule: string) =>
  z.string(rule).check(z.refine(holds, rule));

/** Text that matches a pattern. */
export const matching = (form: RegExp, rule: string) => textThat((text) => form.test(text), rule);

/** Integers that a double represents exactly. */
export const whole = (min: number, max: number, rule = `must be a whole number from ${min}`) =>
  z.number(rule).check(z.refine((n) => Number.isSafeInteger(n) && n >= min && n <= max, rule));

/** Version number of a stored form. */
export const version = (n: number) => whole(n, n);

/** A point in time, epoch milliseconds. */
export const moment = whole(0, Number.MAX_SAFE_INTEGER);

/** UTC, whole seconds. */
export const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;
export const time = matching(TIME, "must be a time in UTC");

/** @param at epoch milliseconds, or a Date */
export const timeOf = (at: number | Date) => `${new Date(at).toISOString().slice(0, 19)}Z`;

/** A list of 1 to `max` items. */
export const listOf = <T extends z.ZodMiniType>(item: T, max = 1_000) =>
  z
    .array(item)
    .check(
      z.refine((list) => list.length > 0 && list.length <= max, `must hold 1 to ${max} of them`),
    );

/**
 * One item, or a list of them. (zod's union would cost the bundle more than this.)
 *
 * @param rule for what is neither; else the rule of the item or of the list is told
 */
export const oneOrList = <T extends z.ZodMiniType<unknown, string>>(
  item: T,
  max: number,
  rule: string,
) => {
  const list = listOf(item, max);
  type Given = z.output<T> | z.output<typeof list>;
  const schemaOf = (given: unknown) => (Array.isArray(given) ? list : item);
  return z.custom<Given>((given) => schemaOf(given).safeParse(given).success, {
    error: ({ input }) =>
      typeof input === "string" || Array.isArray(input)
        ? schemaOf(input).safeParse(input).error?.issues[0]?.message
        : rule,
  });
};
