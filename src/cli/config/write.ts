import type { Finding } from "./finding.ts";

/** A finding as two lines: where, what and which rule; then what to do. */
export function written({ level, line, name, problem, remedy }: Finding, file: string): string {
  const where = line === null ? file : `${file}:${line}`;
  const kind = level === "note" ? "note: " : "";
  const about = name === "" ? "" : `${name}: `;
  return `${where}: ${kind}${about}${problem}\n    ${remedy}`;
}
