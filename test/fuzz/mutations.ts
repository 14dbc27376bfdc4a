/** Zoo's bodies, spoiled in one way or several. */
import fc from "fast-check";
import { balanceBody, GENERATIONS } from "../zoo/bodies.ts";

type Json = ReturnType<typeof JSON.parse>;

/** Values that have broken parsers before, as they are written. */
const NASTY = [
  "null",
  "true",
  "[]",
  "{}",
  '""',
  "0",
  "-0",
  "1e400",
  "1e-400",
  "-1e15",
  "999999999999999.99",
  "1e21",
  "0.1e1",
  "00",
  "NaN",
  "-",
  '"NaN"',
  '"1e5"',
  '" 1"',
  '"１"',
  '"0x10"',
  '"\\u0000"',
  '"\\ud800"',
  '"2026-02-30T00:00:00Z"',
  '"9999-12-31T23:59:59-23:59"',
  '"0000-01-01T00:00:00Z"',
  `"${"9".repeat(400)}"`,
  "9".repeat(400),
  `"${"x".repeat(70_000)}"`,
  '{"__proto__":{"x":1}}',
  '{"toString":1,"valueOf":1}',
  "[".repeat(2_000) + "]".repeat(2_000),
];

/** Every place in a value, as paths. */
function placesOf(value: Json, path: readonly string[] = []): string[][] {
  const here = path.length === 0 ? [] : [[...path]];
  if (typeof value !== "object" || value === null) return here;
  return [...here, ...Object.keys(value).flatMap((name) => placesOf(value[name], [...path, name]))];
}

/** The value as text, with another text in one place; or without that place. */
function write(value: Json, at: readonly string[], text: string | null): string {
  const [name, ...rest] = at;
  if (name === undefined) return text ?? "null";
  const members = Object.keys(value).flatMap((key) => {
    if (key !== name) return [[key, JSON.stringify(value[key])]];
    if (rest.length === 0 && text === null) return [];
    return [[key, write(value[key], rest, text)]];
  });
  return Array.isArray(value)
    ? `[${members.map(([, member]) => member).join(",")}]`
    : `{${members.map(([key, member]) => `${JSON.stringify(key)}:${member}`).join(",")}}`;
}

const whole = fc
  .record({ generation: fc.constantFrom(...GENERATIONS), includeTotalDue: fc.boolean() })
  .map(({ generation, includeTotalDue }) => balanceBody(generation, { includeTotalDue }));

const otherValue = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...NASTY) },
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.double().map(String),
  fc.constant(null),
);

const oneMemberChanged = fc
  .record({ body: whole, place: fc.nat(), text: otherValue })
  .map(({ body, place, text }) => {
    const places = placesOf(body);
    return write(body, places[place % places.length] ?? [], text);
  });

const spoiledText = fc
  .record({
    text: fc.oneof(
      oneMemberChanged,
      whole.map((body) => JSON.stringify(body)),
    ),
    at: fc.nat(),
    length: fc.nat({ max: 40 }),
    insert: fc.oneof(fc.constant(""), fc.string({ unit: "binary", maxLength: 10 })),
  })
  .map(({ text, at, length, insert }) => {
    const start = at % (text.length + 1);
    return text.slice(0, start) + insert + text.slice(start + length);
  });

const cut = whole
  .map((body) => JSON.stringify(body))
  .chain((text) => fc.nat({ max: text.length }).map((end) => text.slice(0, end)));

/** A body as text. Some are still good. */
export const spoiledBody = fc.oneof(
  { weight: 6, arbitrary: oneMemberChanged },
  { weight: 3, arbitrary: spoiledText },
  { weight: 1, arbitrary: cut },
  { weight: 1, arbitrary: fc.json() },
);
