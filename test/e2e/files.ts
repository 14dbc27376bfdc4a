import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Everything on disk below a folder, as text: rows of Durable Objects, their journals, files of KV. */
export async function textOf(folder: string): Promise<{ text: string; paths: string[] }> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const texts = await Promise.all(paths.map((path) => readFile(path, "latin1")));
  return { text: texts.join("\n"), paths };
}
