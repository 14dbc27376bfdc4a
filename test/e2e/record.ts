/**
 * Where RECORD_ANSWERS names a folder, every kind of answer that the end-to-end tests get from the Worker is
 * written there, for `test/description` to check against the API's description with other tools.
 */
import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";

export interface Recorded {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

const folder = process.env.RECORD_ANSWERS;
// This file is run before each file of tests, of which a process has many.
const recording = globalThis as { isRecording?: true };
if (folder !== undefined && recording.isRecording === undefined) {
  recording.isRecording = true;
  recordInto(folder);
}

function recordInto(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${crypto.randomUUID()}.jsonl`);
  const known = new Set<string>();
  const ask = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const response = await ask(input, init);
    const { pathname, search } = new URL(response.url);
    const isOfWorker =
      response.headers.has("x-request-id") && /^\/(v1|health|ready)/.test(pathname);
    const isOfEndToEndTest = expect.getState().testPath?.includes("/test/e2e/") === true;
    if (!isOfWorker || !isOfEndToEndTest) return response;
    const method = init?.method ?? "GET";
    const copy = response.clone();
    // What a test does not read to its end is not recorded.
    void copy.text().then(
      (body) => {
        const { status } = copy;
        const headers = [...copy.headers];
        const recorded: Recorded = { method, path: pathname + search, status, headers, body };
        const line = JSON.stringify(recorded);
        const kind = line.replace(
          /W\/\\"\w+|"x-request-id","[^"]*"|request_id\\":\\"[^"]*|\w{3}, \d[^"]*GMT|\d+/g,
          "",
        );
        if (known.has(kind)) return;
        known.add(kind);
        appendFileSync(file, `${line}\n`);
      },
      () => undefined,
    );
    return response;
  };
}
