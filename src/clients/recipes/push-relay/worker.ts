/**
 * A Worker that turns the proxy's webhooks into pushes to iPhones (APNs) and Android (FCM).
 * Its address and the secret's twin go into ALERTS of the proxy. See README.md one folder up.
 */
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { pushToApple } from "./apns.ts";
import type { Env, Outside } from "./env.ts";
import { pushToGoogle } from "./fcm.ts";
import { type AlertEvent, type Push, pushOf } from "./push.ts";

export async function relay(request: Request, env: Env, outside: Outside): Promise<Response> {
  if (request.method !== "POST") return new Response(null, { status: 405 });
  const headers = Object.fromEntries(request.headers);
  let event: AlertEvent;
  try {
    event = new Webhook(env.ALERTS_SECRET).verify(await request.text(), headers) as AlertEvent;
  } catch (error) {
    if (error instanceof WebhookVerificationError) return new Response(null, { status: 401 });
    throw error;
  }
  const push = pushOf(event, headers["webhook-id"] ?? "");
  // A type that is new is not worth a retry.
  if (push === null) return new Response(null, { status: 204 });
  const sent = await Promise.allSettled([
    pushToGoogle(push, env, outside),
    pushToDevices(push, env, outside),
  ]);
  // The proxy sends it again, with the same id; a phone that has it already replaces it by itself.
  const failed = sent.some(({ status }) => status === "rejected");
  return new Response(null, { status: failed ? 503 : 204 });
}

async function pushToDevices(push: Push, env: Env, outside: Outside): Promise<void> {
  const prefix = `apns:${push.account}:`;
  const { keys } = await env.DEVICES.list({ prefix });
  const sent = await Promise.allSettled(
    keys.map(async ({ name }) => {
      const known = await pushToApple(name.slice(prefix.length), push, env, outside);
      if (!known) await env.DEVICES.delete(name);
    }),
  );
  // Only now: what is under way when the answer is given, the platform cancels.
  for (const one of sent) if (one.status === "rejected") throw one.reason;
}

export default {
  fetch: (request: Request, env: Env) =>
    relay(request, env, { send: (url, init) => fetch(url, init), now: () => Date.now() }),
};
