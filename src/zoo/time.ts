/** Times as Zoo has written them, and as it might: read generously, answered as UTC in whole seconds. */

/**
 * RFC 3339, section 5.6, and beyond it: a space for the `T`, no seconds, `+0000`, ` UTC`, no zone (UTC), and
 * ISO 8601's `24:00:00` for the end of a day. A second 60 is a leap second.
 */
const TIME =
  /^(\d{4}-\d{2}-\d{2})[Tt ](?:((?:[01]\d|2[0-3]):[0-5]\d)(?::([0-5]\d|60)(?:\.\d{1,12})?)?|(24:00)(?::00(?:\.0{1,12})?)?)(?: ?([Zz]|UTC|[+-]\d{2}:?\d{2}))?$/;

const DAY_MS = 86_400_000;
const ISO_LENGTH = "2026-11-23T10:00:00.000Z".length;

/** @returns `2026-11-23T10:00:00Z`, or null when there is no such moment in the years 0000 to 9999 */
export function readTime(value: unknown): string | null {
  const match = typeof value === "string" ? TIME.exec(value) : null;
  if (match === null) return null;
  const [, day = "", minute = "00:00", second = "00", endOfDay, zone = "Z"] = match;
  // Date.parse would move a day that its month does not have into the next month.
  const midnight = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(day)) return null;
  // A leap second, which Date cannot hold, becomes the second before it.
  const shown = second === "60" ? "59" : second;
  const ms = Date.parse(`${day}T${minute}:${shown}${offsetOf(zone)}`);
  if (Number.isNaN(ms)) return null;
  const at = new Date(ms + (endOfDay === undefined ? 0 : DAY_MS));
  const text = Number.isNaN(at.getTime()) ? "" : at.toISOString();
  // An offset can move a time out of the years that four digits can write.
  return text.length === ISO_LENGTH ? `${text.slice(0, 19)}Z` : null;
}

const offsetOf = (zone: string) =>
  /^(?:z|utc)$/i.test(zone) ? "Z" : zone.replace(/^(.\d{2}):?(\d{2})$/, "$1:$2");
