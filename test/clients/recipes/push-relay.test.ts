/** The relay's requests, held to what Apple and Google document, by stand-ins that speak HTTP/2. */
import { once } from "node:events";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { decodeProtectedHeader, exportPKCS8, generateKeyPair, jwtVerify } from "jose";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { Env } from "../../../src/clients/recipes/push-relay/env.ts";
import { relay } from "../../../src/clients/recipes/push-relay/worker.ts";

interface Received {
  readonly path: string;
  readonly headers: http2.IncomingHttpHeaders;
  readonly body: string;
}

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const NOW = Date.UTC(2026, 10, 24, 10);
const EXPIRES = NOW / 1_000 + 86_400;
const apple = await generateKeyPair("ES256", { extractable: true });
const google = await generateKeyPair("RS256", { extractable: true });

const received: Received[] = [];
const devices = new Map<string, unknown>();
/** What the next requests of a path get; else they are taken. */
const answers = new Map<string, { status: number; body: string }>();
let server: http2.Http2Server;
let client: http2.ClientHttp2Session;
let env: Env;

beforeAll(async () => {
  server = http2.createServer(async (request, response) => {
    received.push({ path: request.url, headers: request.headers, body: await text(request) });
    const { status, body } = answers.get(request.url) ?? { status: 200, body: "{}" };
    response.writeHead(status);
    response.end(request.url === "/token" ? '{"access_token":"access"}' : body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = http2.connect(url);
  env = {
    ALERTS_SECRET: SECRET,
    APNS_TOPIC: "com.example.balance",
    APNS_TEAM_ID: "TEAM123456",
    APNS_KEY_ID: "KEY1234567",
    APNS_KEY: await exportPKCS8(apple.privateKey),
    APNS_URL: url,
    FCM_SERVICE_ACCOUNT: JSON.stringify({
      project_id: "zoo-app",
      client_email: "relay@zoo-app.example",
      private_key: await exportPKCS8(google.privateKey),
      token_uri: `${url}/token`,
    }),
    FCM_URL: url,
    DEVICES: {
      list: (async ({ prefix = "" }: { prefix?: string }) => ({
        keys: [...devices.keys()]
          .filter((name) => name.startsWith(prefix))
          .map((name) => ({ name })),
        list_complete: true,
        cacheStatus: null,
      })) as Env["DEVICES"]["list"],
      delete: (async (name: string) => void devices.delete(name)) as Env["DEVICES"]["delete"],
    },
  };
});
afterAll(() => {
  client.destroy();
  server.close();
});
beforeEach(() => {
  received.length = 0;
  answers.clear();
  devices.clear();
  devices.set("apns:default:d1", null);
  devices.set("apns:other:d2", null);
});

/** `fetch`, over HTTP/2 and without TLS. */
async function send(url: string, init: RequestInit): Promise<Response> {
  const stream = client.request({
    ":method": init.method ?? "GET",
    ":path": new URL(url).pathname,
    ...(init.headers as Record<string, string>),
  });
  stream.end(init.body);
  const [headers] = (await once(stream, "response")) as [http2.IncomingHttpHeaders];
  return new Response(await text(stream), { status: Number(headers[":status"]) });
}

async function deliver(
  type: string,
  secret = SECRET,
  outside: (url: string, init: RequestInit) => Promise<Response> = send,
): Promise<Response> {
  const body = JSON.stringify({
    type,
    timestamp: new Date(NOW).toISOString(),
    data: {
      account: "default",
      threshold: "50.00",
      available: "49.31",
      days: "7",
      amount: "25.00",
    },
  });
  // The signature's time is held against the real clock.
  const signed = new Date();
  const headers = {
    "webhook-id": "msg_1",
    "webhook-timestamp": String(Math.floor(signed.getTime() / 1_000)),
    "webhook-signature": new Webhook(secret).sign("msg_1", signed, body),
  };
  const request = new Request("https://relay.example/", { method: "POST", headers, body });
  return relay(request, env, { send: outside, now: () => NOW });
}

const to = (path: string) => received.filter((each) => each.path === path);

test("sends APNs what it asks for: a fresh provider token, topic, type, collapse id and expiry", async () => {
  expect((await deliver("balance.low")).status).toBe(204);
  const [push] = to("/3/device/d1");
  expect(push?.headers).toMatchObject({
    ":method": "POST",
    "apns-topic": "com.example.balance",
    "apns-push-type": "alert",
    "apns-priority": "10",
    "apns-expiration": String(EXPIRES),
    "apns-collapse-id": "msg_1",
  });
  expect(JSON.parse(push?.body ?? "")).toEqual({
    aps: {
      alert: { title: "Zoo balance", body: "Less than $50.00 left" },
      "thread-id": "balance-default",
      "content-available": 1,
    },
  });
  const token = String(push?.headers.authorization).replace(/^bearer /, "");
  expect(decodeProtectedHeader(token)).toEqual({ alg: "ES256", kid: "KEY1234567" });
  const { payload } = await jwtVerify(token, apple.publicKey, { issuer: "TEAM123456" });
  expect(payload).toEqual({ iss: "TEAM123456", iat: NOW / 1_000 });
});

test("pushes to the devices of the event's account alone", async () => {
  await deliver("balance.low");
  expect(to("/3/device/d2")).toEqual([]);
});

test("sends FCM a message to the account's topic with collapse key, tag and time to live", async () => {
  await deliver("balance.exhausted");
  const [push] = to("/v1/projects/zoo-app/messages:send");
  expect(push?.headers.authorization).toBe("Bearer access");
  expect(JSON.parse(push?.body ?? "")).toEqual({
    message: {
      topic: "balance-default",
      notification: { title: "Zoo balance", body: "Nothing is left" },
      android: {
        collapse_key: "msg_1",
        priority: "high",
        notification: { tag: "msg_1" },
        ttl: "86400s",
      },
    },
  });
});

test("gets FCM's access token with an assertion that the service account has signed", async () => {
  await deliver("balance.low");
  const form = new URLSearchParams(to("/token")[0]?.body);
  expect(form.get("grant_type")).toBe("urn:ietf:params:oauth:grant-type:jwt-bearer");
  const { payload } = await jwtVerify(form.get("assertion") ?? "", google.publicKey, {
    issuer: "relay@zoo-app.example",
    audience: `${env.FCM_URL}/token`,
    currentDate: new Date(NOW),
  });
  expect(payload.scope).toBe("https://www.googleapis.com/auth/firebase.messaging");
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(3_600);
});

test("refuses a webhook with another secret's signature, and pushes nothing", async () => {
  const other = `whsec_${Buffer.alloc(32, 8).toString("base64")}`;
  expect((await deliver("balance.low", other)).status).toBe(401);
  expect(received).toEqual([]);
});

test("asks the proxy to send it again while Apple is down, under the same collapse id", async () => {
  answers.set("/3/device/d1", { status: 503, body: '{"reason":"ServiceUnavailable"}' });
  expect((await deliver("balance.low")).status).toBe(503);
  answers.clear();
  expect((await deliver("balance.low")).status).toBe(204);
  expect(to("/3/device/d1").map(({ headers }) => headers["apns-collapse-id"])).toEqual([
    "msg_1",
    "msg_1",
  ]);
});

test.each([
  [410, "Unregistered"],
  [400, "BadDeviceToken"],
])("forgets a device of which Apple says %i %s", async (status, reason) => {
  answers.set("/3/device/d1", { status, body: JSON.stringify({ reason }) });
  expect((await deliver("balance.low")).status).toBe(204);
  expect([...devices.keys()]).toEqual(["apns:other:d2"]);
});

test("a device that has another app holds up no event, and is kept: the topic may be wrong", async () => {
  const error = vi.spyOn(console, "error").mockReturnValue();
  answers.set("/3/device/d1", { status: 400, body: '{"reason":"DeviceTokenNotForTopic"}' });
  expect((await deliver("balance.low")).status).toBe(204);
  expect([...devices.keys()]).toContain("apns:default:d1");
  expect(error.mock.calls).toEqual([["APNs: 400 DeviceTokenNotForTopic"]]);
  error.mockRestore();
});

test("answers only when every device was tried, though one cannot be reached", async () => {
  devices.set("apns:default:d3", null);
  const google = Promise.withResolvers<void>();
  let isTaken = false;
  const answer = await deliver("balance.low", SECRET, async (url) => {
    if (url.endsWith("/d1")) return new Response(null, { status: 503 });
    if (url.endsWith(":send")) google.resolve();
    if (url.endsWith("/d3")) {
      // After all that the relay has to wait for otherwise.
      await google.promise;
      await new Promise(setImmediate);
      isTaken = true;
    }
    return Response.json({ access_token: "access" });
  });
  expect(answer.status).toBe(503);
  expect(isTaken).toBe(true);
});

test("takes an event of a new type without pushing it", async () => {
  expect((await deliver("account.renamed")).status).toBe(204);
  expect(received).toEqual([]);
});

test.each([
  ["balance.low", "Less than $50.00 left", "10"],
  ["balance.exhausted", "Nothing is left", "10"],
  ["balance.runs_out", "At this rate it lasts less than 7 days", "10"],
  ["balance.topped_up", "$25.00 added, $49.31 available", "5"],
  ["balance.recovered", "$49.31 available again", "5"],
  ["account.blocked", "Zoo has blocked the account", "10"],
  ["account.unblocked", "Zoo has unblocked the account", "5"],
])("%s says to a person: %s", async (type, words, priority) => {
  await deliver(type);
  const [push] = to("/3/device/d1");
  expect(JSON.parse(push?.body ?? "").aps.alert.body).toBe(words);
  expect(push?.headers["apns-priority"]).toBe(priority);
});
