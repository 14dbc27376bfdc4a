/** The value of a secret, from a pipe or typed, before wrangler gets it: wrangler takes whatever there is. */
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";

/** @returns null when somebody ends it (Ctrl-C, Ctrl-D) */
export async function readSecret(
  input: NodeJS.ReadableStream & { readonly isTTY?: boolean },
  output: NodeJS.WritableStream,
): Promise<string | null> {
  // A line break at its end is that of `echo` or of a file.
  if (input.isTTY !== true) return (await text(input)).replace(/\r?\n$/, "");
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: silent, terminal: true });
  // Not before: until then the terminal itself shows what is typed.
  output.write("The secret's value, which is not shown; then Enter: ");
  const ended = new AbortController();
  lines.on("SIGINT", () => lines.close());
  lines.on("close", () => ended.abort());
  try {
    return await lines.question("", { signal: ended.signal });
  } catch (error) {
    if (ended.signal.aborted) return null;
    throw error;
  } finally {
    lines.close();
    output.write("\n");
  }
}
