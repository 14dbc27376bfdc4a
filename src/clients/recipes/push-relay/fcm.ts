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

/**
 * To one phone, by its registration token. Not to a topic: whoever has the app may subscribe to any, and would
 * read the amounts.
 *
 * @param access see {@link accessToken}
 * @returns whether to keep the device: false when it has the app no more. @throws Error when it should be tried again
 */
export async function pushToGoogle(
  device: string,
  push: Push,
  access: Promise<string>,
  env: Env,
  outside: Outside,
): Promise<boolean> {
  const { FCM_URL = "https://fcm.googleapis.com" } = env;
  const ttl = Math.max(0, push.expires - Math.floor(outside.now() / 1_000));
  const url = `${FCM_URL}/v1/projects/${accountOf(env).project_id}/messages:send`;
  const response = await outside.send(url, {
    method: "POST",
    headers: { authorization: `Bearer ${await access}`, "content-type": "application/json" },
    body: JSON.stringify({
      message: {
        token: device,
        notification: { title: push.title, body: push.body },
        android: {
          collapse_key: push.collapseId,
          priority: push.isUrgent ? "high" : "normal",
          // A collapse key replaces what has not been delivered yet, a tag what is shown already.
          notification: { tag: push.collapseId },
          ttl: `${ttl}s`,
        },
      },
    }),
  });
  if (response.ok) return true;
  const code = errorCodeOf(await response.json().catch(() => null));
  if (code === "UNREGISTERED") return false;
  const problem = `FCM: ${response.status} ${code}`;
  if (code !== "SENDER_ID_MISMATCH") throw new Error(problem);
  // Another project's device, which no retry mends: it must not hold up the others' events. Kept, since it may
  // be the service account that is wrong.
  console.error(problem);
  return true;
}

const accountOf = (env: Env) => JSON.parse(env.FCM_SERVICE_ACCOUNT) as ServiceAccount;

function errorCodeOf(body: unknown): string {
  const { error } = (body ?? {}) as { error?: { details?: readonly { errorCode?: string }[] } };
  return error?.details?.find(({ errorCode }) => errorCode !== undefined)?.errorCode ?? "";
}

/** Asked for anew for each event: crossings are rare. @throws Error when it should be tried again */
export async function accessToken(env: Env, outside: Outside): Promise<string> {
  const account = accountOf(env);
  const now = Math.floor(outside.now() / 1_000);
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
