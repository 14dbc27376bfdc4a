/**
 * A Worker that turns the proxy's webhooks into pushes to iPhones (APNs) and Android (FCM).
 * Its address and the secret's twin go into ALERTS of the proxy. See README.md one folder up.
 */
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { pushToApple } from "./apns.ts";
import { pushToGoogle } from "./fcm.ts";
import { type AlertEvent, type Push, pushOf } from "./push.ts";

export interface Env {
  /** As the proxy has it: `whsec_…`. */
  readonly ALERTS_SECRET: string;
  /** Of the app: its bundle id, the team's id, and a key for APNs (its id, and the .p8 as it is). */
  readonly APNS_TOPIC: string;
  readonly APNS_TEAM_ID: string;
  readonly APNS_KEY_ID: string;
  readonly APNS_KEY: string;
  readonly APNS_URL?: string;
  /** The JSON of a service account that may send messages. */
  readonly FCM_SERVICE_ACCOUNT: string;
  readonly FCM_URL?: string;
  /** Written by whoever registers devices: `apns:ACCOUNT:DEVICE_TOKEN`. Android's subscribe to a topic instead. */
  readonly DEVICES: Pick<KVNamespace, "list" | "delete">;
}

/** What the outside is; tests bring their own. */
export interface Outside {
  send(url: string, init: RequestInit): Promise<Response>;
  now(): number;
}

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
  await Promise.all(
    keys.map(async ({ name }) => {
      const known = await pushToApple(name.slice(prefix.length), push, env, outside);
      if (!known) await env.DEVICES.delete(name);
    }),
  );
}

export default {
  fetch: (request: Request, env: Env) =>
    relay(request, env, { send: (url, init) => fetch(url, init), now: () => Date.now() }),
};
