/** Apple's push service (developer.apple.com: "Sending notification requests to APNs"). Workers speak HTTP/2 to it. */
import { importPKCS8, SignJWT } from "jose";
import type { Env, Outside } from "./env.ts";
import type { Push } from "./push.ts";

/** Apple wants a provider token for 20 to 60 minutes, and refuses both more and older ones. */
const TOKEN_MS = 40 * 60_000;

let provider: { readonly key: string; readonly token: string; readonly since: number } | null =
  null;

/** @returns whether to keep the device: false when it has the app no more. @throws Error when it should be tried again */
export async function pushToApple(
  device: string,
  push: Push,
  env: Env,
  outside: Outside,
): Promise<boolean> {
  const { APNS_URL = "https://api.push.apple.com" } = env;
  const response = await outside.send(`${APNS_URL}/3/device/${encodeURIComponent(device)}`, {
    method: "POST",
    headers: {
      authorization: `bearer ${await providerToken(env, outside.now())}`,
      "apns-topic": env.APNS_TOPIC,
      "apns-push-type": "alert",
      "apns-priority": push.isUrgent ? "10" : "5",
      "apns-expiration": String(push.expires),
      "apns-collapse-id": push.collapseId,
    },
    body: JSON.stringify({
      aps: {
        alert: { title: push.title, body: push.body },
        "thread-id": `balance-${push.account}`,
        // Wakes the app in the background too: it refreshes before it is opened.
        "content-available": 1,
      },
    }),
  });
  if (response.ok) return true;
  const { reason = "" } = (await response.json().catch(() => ({}))) as { reason?: string };
  if (response.status === 410 || reason === "BadDeviceToken") return false;
  const problem = `APNs: ${response.status} ${reason}`;
  if (reason !== "DeviceTokenNotForTopic") throw new Error(problem);
  // Another app's device, which no retry mends: it must not hold up the others' events. Kept, since it may be
  // the topic that is wrong.
  console.error(problem);
  return true;
}

async function providerToken(env: Env, now: number): Promise<string> {
  if (provider?.key === env.APNS_KEY_ID && now - provider.since < TOKEN_MS) return provider.token;
  const key = await importPKCS8(env.APNS_KEY, "ES256");
  const token = await new SignJWT()
    .setProtectedHeader({ alg: "ES256", kid: env.APNS_KEY_ID })
    .setIssuer(env.APNS_TEAM_ID)
    .setIssuedAt(Math.floor(now / 1_000))
    .sign(key);
  provider = { key: env.APNS_KEY_ID, token, since: now };
  return token;
}
