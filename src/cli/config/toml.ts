/** `wrangler.toml` as an operator sees it: values, and the lines they stand in. */
import { parse, TomlError } from "smol-toml";
import { mistakeOf } from "./toml-mistakes.ts";

export type Path = readonly (string | number)[];
export type Table = Readonly<Record<string, unknown>>;

export interface Toml {
  readonly root: Table;
  /** The line of a value, or of the nearest thing around it that has one; null where there is none. */
  lineOf(path: Path): number | null;
}

export type ReadToml =
  | { readonly ok: true; readonly toml: Toml }
  | {
      readonly ok: false;
      readonly line: number;
      readonly problem: string;
      readonly remedy: string;
    };

export function readToml(text: string): ReadToml {
  const lines = text.split("\n");
  try {
    const root: Table = parse(text);
    const starts = startsOf(lines);
    return { ok: true, toml: { root, lineOf: (path) => lineOf(path, lines, starts) } };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The first line is the sentence, those below it quote the file.
    const [said = ""] = error.message.split("\n");
    const { line } = error;
    return { ok: false, line, ...mistakeOf(said, earlierOf(line, lines)) };
  }
}

/** The line above `line` that begins the same key or table; null where there is none. */
function earlierOf(line: number, lines: readonly string[]): number | null {
  const [path] = [...startsOf(lines.slice(0, line))].find(([, start]) => start === line) ?? [];
  return path === undefined ? null : (startsOf(lines.slice(0, line - 1)).get(path) ?? null);
}

/** A value at a path, or undefined. */
export function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null
        ? new Map(Object.entries(inner)).get(String(key))
        : undefined,
    value,
  );
}

export function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const KEY = /^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=/;
const HEADER = /^\s*(\[\[?)\s*([^\]]+?)\s*\]/;
const partsOf = (key: string) =>
  [...key.matchAll(/[\w-]+|"[^"]*"|'[^']*'/g)].map(([part]) => part.replace(/^["']|["']$/g, ""));
const joined = (path: Path) => path.join("\u0000");

/** The first line of every header and every key at the start of a line. Good enough to point at. */
function startsOf(lines: readonly string[]): ReadonlyMap<string, number> {
  const starts = new Map<string, number>();
  const counts = new Map<string, number>();
  let table: Path = [];
  for (const [index, line] of lines.entries()) {
    const [, brackets, header = ""] = HEADER.exec(line) ?? [];
    if (brackets !== undefined && !KEY.test(line)) {
      table = resolved(partsOf(header), counts);
      if (brackets === "[[") {
        const count = counts.get(joined(table)) ?? 0;
        counts.set(joined(table), count + 1);
        starts.set(joined(table), starts.get(joined(table)) ?? index + 1);
        table = [...table, count];
      }
      starts.set(joined(table), index + 1);
      continue;
    }
    const key = KEY.exec(line)?.[1];
    if (key !== undefined) starts.set(joined([...table, ...partsOf(key)]), index + 1);
  }
  return starts;
}

/** A header below an array of tables belongs to its latest table. */
function resolved(parts: readonly string[], counts: ReadonlyMap<string, number>): Path {
  const path: (string | number)[] = [];
  for (const [index, part] of parts.entries()) {
    path.push(part);
    const count = counts.get(joined(path));
    if (count !== undefined && index < parts.length - 1) path.push(count - 1);
  }
  return path;
}

function lineOf(
  path: Path,
  lines: readonly string[],
  starts: ReadonlyMap<string, number>,
): number | null {
  for (let length = path.length; length > 0; length--) {
    const start = starts.get(joined(path.slice(0, length)));
    if (start !== undefined) return insideLine(path.slice(length), start, lines) ?? start;
  }
  return null;
}

/** Within an array of inline tables over several lines: where the n-th of a key stands. */
function insideLine(rest: Path, start: number, lines: readonly string[]): number | null {
  const key = rest.findLast((part) => typeof part === "string");
  if (key === undefined) return null;
  const index = rest.find((part) => typeof part === "number") ?? 0;
  const pattern = new RegExp(`\\b${key.replace(/[^\w-]/g, "\\$&")}"?\\s*=`, "g");
  let seen = 0;
  for (const [offset, line] of lines.slice(start - 1).entries()) {
    if (offset > 0 && (HEADER.test(line) || /^\s*$/.test(line))) return null;
    seen += line.match(pattern)?.length ?? 0;
    if (seen > Number(index)) return start + offset;
  }
  return null;
}
