/** From what the environment holds (a TOML value, or text) to the value that the schema checks. */
import { type Fields, isObject } from "../lib/json.ts";
import { readMoney } from "../lib/money.ts";

/** How a variable is read. */
export type Kind = "text" | "integer" | "boolean" | "amount" | "json" | "app_check" | "alerts";

const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, 1: true, false: false, 0: false };

/**
 * Only reads: a value that makes no sense is handed on as it is, for the schema to refuse.
 *
 * @param fallback for blank text where JSON is expected
 * @throws SyntaxError when text is not JSON
 */
export function readVariable(kind: Kind, given: unknown, fallback: unknown): unknown {
  switch (kind) {
    case "text":
      return given;
    case "integer":
      return typeof given === "string" && /^\d{1,9}$/.test(given) ? Number(given) : given;
    case "boolean":
      return typeof given === "string" ? BOOLEANS[given] : given;
    case "amount":
      return readMoney(numberAsText(given));
    case "json":
      return fromJson(given, fallback);
    case "app_check":
      return unlessEmpty(fromJson(given, fallback), (value) => ({
        ...value,
        project_number: numberAsText(value.project_number),
      }));
    case "alerts": {
      const value = fromJson(given, fallback);
      if (!Array.isArray(value)) return unlessEmpty(value, readTarget);
      return value.length === 0 ? undefined : value.map(readTarget);
    }
  }
}

/** A receiver of alerts: its amounts and its days may be written as text or as numbers. */
function readTarget(value: unknown): unknown {
  if (!isObject(value)) return value;
  const { thresholds, days, ...rest } = value;
  return {
    ...rest,
    thresholds: eachOf(thresholds, (amount) => readMoney(numberAsText(amount))),
    ...(days === undefined ? {} : { days: eachOf(days, textAsNumber) }),
  };
}

const eachOf = (list: unknown, read: (item: unknown) => unknown) =>
  Array.isArray(list) ? list.map(read) : list;

/** `.dev.vars`, secrets and `--var` are always text. */
function fromJson(given: unknown, fallback: unknown): unknown {
  if (typeof given !== "string") return given;
  return given.trim() === "" ? fallback : JSON.parse(given);
}

/** Treats an empty table as not configured. */
function unlessEmpty(value: unknown, read: (table: Fields) => unknown): unknown {
  if (!isObject(value)) return value;
  return Object.keys(value).length === 0 ? undefined : read(value);
}

/** TOML may hold a number where the meaning is text: an amount, a project's number. */
const numberAsText = (value: unknown) => (typeof value === "number" ? String(value) : value);

const textAsNumber = (value: unknown) =>
  typeof value === "string" && /^\d{1,3}(\.\d{1,2})?$/.test(value) ? Number(value) : value;
