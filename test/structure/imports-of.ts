import { readFileSync } from "node:fs";
import { join, normalize } from "node:path";
import ts from "typescript";

/** The project's own files that a source file imports, types included. @param file from the project's root */
export function localImportsOf(file: string): string[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(file, "utf8"));
  const local = importedFiles.map(({ fileName }) => fileName).filter((name) => /^\./.test(name));
  return local.map((name) => normalize(join(file, "..", name)));
}
