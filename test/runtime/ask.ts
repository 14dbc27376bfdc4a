/** A request to the Worker as the platform makes it, until all work behind the answer has ended. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import type { Env } from "../../src/env.ts";
import worker from "../../src/index.ts";

/** @param env the same object is the same isolate */
export async function askWorker(
  env: Env,
  headers: Record<string, string>,
  { path = "/v1/balance", method = "GET" } = {},
): Promise<Response> {
  const url = `https://x.example${path}`;
  const request = new Request<unknown, IncomingRequestCfProperties>(url, { method, headers });
  const context = createExecutionContext();
  const response = await worker.fetch(request, env, context);
  await waitOnExecutionContext(context);
  return response;
}
