/** Firebase Cloud Messaging, HTTP v1 (firebase.google.com/docs/cloud-messaging). */
import { importPKCS8, SignJWT } from "jose";
import type { Env, Outside } from "./env.ts";
import type { Push } from "./push.ts";

interface ServiceAccount {
  readonly project_id: string;
  readonly client_email: string;
  readonly private_key: string;
  readonly token_uri: string;
}

const SCOPE = "https://www.googleapis.com/auth/firebase.messaging";
const GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const HOUR_SECONDS = 3_600;

/** @throws Error when it should be tried again */
export async function pushToGoogle(push: Push, env: Env, outside: Outside): Promise<void> {
  const account = JSON.parse(env.FCM_SERVICE_ACCOUNT) as ServiceAccount;
  const { FCM_URL = "https://fcm.googleapis.com" } = env;
  const seconds = Math.floor(outside.now() / 1_000);
  const token = await accessToken(account, seconds, outside);
  const url = `${FCM_URL}/v1/projects/${account.project_id}/messages:send`;
  const response = await outside.send(url, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({
      message: {
        // A topic's name has letters, digits and -_.~% alone.
        topic: `balance-${push.account.replace(/[^\w.~%-]/g, "-")}`,
        notification: { title: push.title, body: push.body },
        android: {
          collapse_key: push.collapseId,
          priority: push.isUrgent ? "high" : "normal",
          // A collapse key replaces what has not been delivered yet, a tag what is shown already.
          notification: { tag: push.collapseId },
          ttl: `${Math.max(0, push.expires - seconds)}s`,
        },
      },
    }),
  });
  if (!response.ok) throw new Error(`FCM: ${response.status}`);
}

/** Asked for anew each time: crossings are rare. */
async function accessToken(
  account: ServiceAccount,
  now: number,
  outside: Outside,
): Promise<string> {
  const assertion = await new SignJWT({ scope: SCOPE })
    .setProtectedHeader({ alg: "RS256", typ: "JWT" })
    .setIssuer(account.client_email)
    .setAudience(account.token_uri)
    .setIssuedAt(now)
    .setExpirationTime(now + HOUR_SECONDS)
    .sign(await importPKCS8(account.private_key, "RS256"));
  const response = await outside.send(account.token_uri, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ grant_type: GRANT, assertion }).toString(),
  });
  const { access_token: token } = (await response.json()) as { access_token?: string };
  if (!response.ok || token === undefined) throw new Error(`OAuth: ${response.status}`);
  return token;
}
