/**
 * The rejection table. Every credential in it is refused with the same 401, to the letter; the log alone
 * says why. None costs a call to Zoo, and none of bad shape costs a look at the issuer's keys.
 */
import { createHmac, createSign } from "node:crypto";
import { request } from "node:http";
import { CompactEncrypt, CompactSign, exportSPKI, importJWK, type JWK, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newApiKey } from "../../src/callers/api-key/format.ts";
import type { Denial } from "../../src/callers/denial.ts";
import { sha256Hex } from "../../src/lib/digest.ts";
import { apiKeyRecord } from "../api-key-record.ts";
import { startZoo, type Zoo } from "../zoo/server.ts";
import { expectProblem } from "./problems.ts";
import { type StartedWorker, startWorker } from "./worker.ts";

let worker: StartedWorker;
/** Of the same issuers, whose keys it has no reason to know. */
let cold: StartedWorker;
let other: Zoo;
beforeAll(async () => {
  other = await startZoo();
  const issuersOf = (first: Zoo) => ({
    JWT_ISSUERS: JSON.stringify(
      [first, other].map(({ issuer, audience, jwksUrl }) => ({
        issuer,
        audience,
        jwks_url: jwksUrl,
        ...(issuer === first.issuer ? { algorithms: ["ES256", "RS256", "PS256"] } : {}),
      })),
    ),
  });
  worker = await startWorker(issuersOf);
  cold = await startWorker(issuersOf(worker.zoo));
  // The issuers' keys are known from here on: what is asked for later is asked for by a refusal.
  for (const zoo of [worker.zoo, other]) {
    const token = await zoo.signToken();
    expect((await worker.balance({ authorization: `Bearer ${token}` })).status).toBe(200);
  }
});
afterAll(async () => {
  await Promise.all([worker.close(), cold.close()]);
  await other.close();
});

type Credential = string | Promise<string>;
type Fields = Record<string, unknown>;
type Row = readonly [name: string, reason: Denial, make: () => Credential];

const LOGOUT = { "http://schemas.openid.net/event/backchannel-logout": {} };
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const raw = (text: string) => Buffer.from(text).toString("base64url");
const seconds = () => Math.floor(Date.now() / 1_000);
const sign = (claims: Fields = {}, header: Fields = {}) => worker.zoo.signToken(claims, { header });
const ownKey = () => worker.zoo.keys.ES256;

function claims(): Fields {
  const { issuer, audience } = worker.zoo;
  return { sub: "demo-user", iss: issuer, aud: audience, iat: seconds(), exp: seconds() + 600 };
}

/** Signed by the issuer's own key, whatever the text of header and claims. */
function signRaw(header: string, payload: string): string {
  const text = `${raw(header)}.${raw(payload)}`;
  const key = { key: ownKey().privateKey as never, dsaEncoding: "ieee-p1363" as const };
  return `${text}.${createSign("SHA256").update(text).sign(key).toString("base64url")}`;
}

const header = (more: Fields = {}) => JSON.stringify({ alg: "ES256", kid: ownKey().kid, ...more });

/** Signed with HMAC over what an attacker may hope is taken for a shared secret. */
function hmac(key: string, alg = "HS256"): string {
  const text = `${part({ alg, kid: ownKey().kid })}.${part(claims())}`;
  return `${text}.${createHmac("sha256", key).update(text).digest("base64url")}`;
}

/** Signed by a key of the attacker's, which the header may bring along. */
async function forged(more: Fields = {}): Promise<string> {
  const { privateKey } = other.keys.ES256;
  return new SignJWT(claims())
    .setProtectedHeader({ alg: "ES256", kid: ownKey().kid, ...more })
    .sign(privateKey);
}

/** The same bits but for one of them. */
function flipped(token: string, bit: number): string {
  const [head, body, signature = ""] = token.split(".");
  const bytes = Buffer.from(signature, "base64url");
  const at = bit < 0 ? bytes.length * 8 + bit : bit;
  bytes[at >> 3] = (bytes[at >> 3] ?? 0) ^ (0x80 >> (at & 7));
  return `${head}.${body}.${bytes.toString("base64url")}`;
}

/** The same bytes in another spelling: the unused bits of the last character are set. */
function respelled(token: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(token.slice(-1));
  return token.slice(0, -1) + alphabet[last + 1];
}

function cutSignature(bytes: number): string {
  const [head, body, signature = ""] = worker.token.split(".");
  const left = Buffer.from(signature, "base64url").subarray(0, bytes);
  return `${head}.${body}.${left.toString("base64url")}`;
}

async function storeKey(record: unknown): Promise<string> {
  const key = await newApiKey();
  const kv = await worker.runtime.getKVNamespace("API_KEYS");
  await kv.put(await sha256Hex(key), typeof record === "string" ? record : JSON.stringify(record));
  return key;
}

const swapLast = (key: string) => key.slice(0, -1) + (key.endsWith("0") ? "1" : "0");

/** Refused by their form alone. */
const BAD_SHAPES: readonly Row[] = [
  ["another scheme", "not_bearer", () => "Basic dXNlcjpwYXNz"],
  ["no scheme", "not_bearer", () => worker.token],
  ["empty bearer", "not_bearer", () => "Bearer"],
  ["two credentials", "not_bearer", () => `Bearer ${worker.token}, Bearer ${worker.token}`],
  ["two words", "not_bearer", () => `Bearer ${worker.token} ${worker.token}`],
  ["a word", "malformed", () => "Bearer x"],
  ["not base64url", "malformed", () => `Bearer ${worker.token.replaceAll(".", ".+")}`],
  ["two parts", "malformed", () => `Bearer ${worker.token.split(".").slice(0, 2).join(".")}`],
  ["header not JSON", "malformed", () => `Bearer ${raw("{")}.${part(claims())}.AAAA`],
  ["header a list", "malformed", () => `Bearer ${part([])}.${part(claims())}.AAAA`],
  ["claims a list", "malformed", () => `Bearer ${signRaw(header(), "[]")}`],
  ["claims null", "malformed", () => `Bearer ${signRaw(header(), "null")}`],
  ["claims not UTF-8", "malformed", () => `Bearer ${part({ alg: "ES256" })}.gIGC.AAAA`],
  ["padded", "malformed", () => `Bearer ${worker.token}==`],
  ["the signature spelled differently", "malformed", () => `Bearer ${respelled(worker.token)}`],
  ["JWE", "encrypted", async () => `Bearer ${await encrypted()}`],
  ["nested JWT", "malformed", async () => `Bearer ${await nested()}`],
  ["17 KiB", "too_large", async () => `Bearer ${await sign({ padding: "x".repeat(12_900) })}`],
  ["64 KiB", "too_large", async () => `Bearer ${await sign({ padding: "x".repeat(49_000) })}`],
  ["alg none", "algorithm", () => `Bearer ${part({ alg: "none" })}.${part(claims())}.`],
  ["alg NoNe", "algorithm", () => `Bearer ${part({ alg: "NoNe" })}.${part(claims())}.AAAA`],
  ["no alg", "algorithm", () => `Bearer ${part({})}.${part(claims())}.AAAA`],
  ["alg a list", "algorithm", () => `Bearer ${part({ alg: ["ES256"] })}.${part(claims())}.AAAA`],
  ["HMAC with an empty key", "algorithm", () => `Bearer ${hmac("\0")}`],
  ["HMAC with the public key as JWK", "algorithm", () => `Bearer ${hmac(jwkText())}`],
  ["HMAC with the public key as PEM", "algorithm", async () => `Bearer ${hmac(await pem())}`],
  ["an algorithm not allowed here", "algorithm", () => `Bearer ${hmac("x", "ES384")}`],
  [
    "unknown crit",
    "critical_header",
    () => `Bearer ${signRaw(header({ crit: ["x"], x: 1 }), "{}")}`,
  ],
  [
    "crit b64",
    "critical_header",
    () => `Bearer ${signRaw(header({ crit: ["b64"], b64: false }), "{}")}`,
  ],
  ["kid of 10 KiB", "key_id", () => signed({ kid: "k".repeat(10_240) })],
  ["kid of 300 characters", "key_id", () => signed({ kid: "k".repeat(300) })],
  [
    "kid a number",
    "key_id",
    () => `Bearer ${signRaw(header({ kid: 1 }), JSON.stringify(claims()))}`,
  ],
  ["wrong issuer", "issuer", () => bearer({ iss: "https://issuer.invalid" })],
  ["issuer with a slash more", "issuer_spelling", () => bearer({ iss: `${worker.zoo.issuer}/` })],
  [
    "issuer in upper case",
    "issuer_spelling",
    () => bearer({ iss: worker.zoo.issuer.toUpperCase() }),
  ],
  [
    "issuer without its scheme",
    "issuer_spelling",
    () => bearer({ iss: new URL(worker.zoo.issuer).host }),
  ],
  ["issuer a list", "issuer", () => bearer({ iss: [worker.zoo.issuer] })],
  ["no issuer", "issuer", () => bearer({ iss: undefined })],
  ["wrong audience", "audience", () => bearer({ aud: "another-app" })],
  ["no audience", "audience_missing", () => bearer({ aud: undefined })],
  ["audience null", "audience_missing", () => bearer({ aud: null })],
  ["audience an empty list", "audience_missing", () => bearer({ aud: [] })],
  ["audience an object", "audience", () => bearer({ aud: { [worker.zoo.audience]: 1 } })],
  [
    "audience with a scheme",
    "audience_spelling",
    () => bearer({ aud: `api://${worker.zoo.audience}` }),
  ],
  ["audience as part of another", "audience", () => bearer({ aud: [`${worker.zoo.audience}-x`] })],
  ["expired", "expired", () => bearer({ exp: seconds() - 31 })],
  ["not yet valid", "not_yet_valid", () => bearer({ nbf: seconds() + 600 })],
  ["no exp", "claim_exp", () => bearer({ exp: undefined })],
  ["no sub", "claim_sub", () => bearer({ sub: undefined })],
  ["empty sub", "claim_sub", () => bearer({ sub: "" })],
  ["sub a number", "claim_sub", () => bearer({ sub: 7 })],
  ["exp a string", "claim_exp", () => withClaims({ exp: String(seconds() + 600) })],
  ["exp in milliseconds", "claim_exp", () => withClaims({ exp: Date.now() + 600_000 })],
  ["exp beyond numbers", "claim_exp", () => withExp("1e400")],
  ["exp huge", "claim_exp", () => withExp("9".repeat(300))],
  ["exp negative", "claim_exp", () => withExp("-1")],
  ["exp null", "claim_exp", () => withExp("null")],
  ["nbf a string", "claim_nbf", () => withClaims({ nbf: "0" })],
  ["nbf huge", "claim_nbf", () => withClaims({ nbf: 1e15 })],
  ["iat a string", "claim_iat", () => withClaims({ iat: "0" })],
  ["a logout token of type JWT", "event_token", () => bearer({ events: LOGOUT })],
  ["a logout token's own type", "type", () => signed({ typ: "logout+jwt" })],
  [
    "another security event token",
    "event_token",
    () => bearer({ events: { "https://schemas.openid.net/secevent/risc/event-type/x": {} } }),
  ],
  ["a claim twice", "duplicate_claims", () => twice(`"sub":"other"`)],
  ["a claim twice, once escaped", "duplicate_claims", () => twice(`"su\\u0062":"other"`)],
  ["a claim twice, deep", "duplicate_claims", () => twice(`"x":[{"y":{"a":1,"a":2}}]`)],
  ["a header twice", "duplicate_claims", () => twiceInHeader()],
  ["API key too short", "api_key_malformed", () => "Bearer zbp_abc"],
  ["API key with another character", "api_key_malformed", () => `Bearer zbp_${"-".repeat(49)}`],
  ["API key too long", "api_key_malformed", async () => `Bearer ${await newApiKey()}0`],
  [
    "API key, wrong checksum",
    "api_key_checksum",
    async () => `Bearer ${swapLast(await newApiKey())}`,
  ],
];

/** Refused only by what somebody's keys or records say. */
const BAD_KEYS: readonly Row[] = [
  ["a key in jwk", "signature", async () => `Bearer ${await forged({ jwk: otherJwk() })}`],
  ["a key at jku", "signature", async () => `Bearer ${await forged({ jku: other.jwksUrl })}`],
  ["a key in x5c", "signature", async () => `Bearer ${await forged({ x5c: ["MIIB"] })}`],
  ["a key at x5u", "signature", async () => `Bearer ${await forged({ x5u: other.url })}`],
  [
    "a key at jku, and its id there",
    "unknown_key",
    async () => `Bearer ${await forged({ jku: other.jwksUrl, kid: other.keys.ES256.kid })}`,
  ],
  [
    "a key in jwk, and no id",
    "signature",
    async () => `Bearer ${await forged({ jwk: otherJwk(), kid: undefined })}`,
  ],
  ["an empty kid, another key", "signature", async () => `Bearer ${await forged({ kid: "" })}`],
  ["a key that is not the issuer's", "signature", async () => `Bearer ${await forged()}`],
  [
    "another issuer's token for this one",
    "unknown_key",
    () => bearerOf(other, { iss: worker.zoo.issuer }),
  ],
  ["unknown kid", "unknown_key", () => signed({ kid: "nobody-knows" })],
  ["kid a path", "unknown_key", () => signed({ kid: "../../../../dev/null" })],
  ["kid SQL", "unknown_key", () => signed({ kid: "' OR 1=1; --" })],
  ["kid __proto__", "unknown_key", () => signed({ kid: "__proto__" })],
  ["no kid, another key", "signature", async () => `Bearer ${await forged({ kid: undefined })}`],
  ["a key of another algorithm", "unfit_key", () => withRsaKey("PS256")],
  ["a key of the wrong type", "unfit_key", () => signed({ kid: worker.zoo.keys.RS256.kid })],
  ["first bit flipped", "signature", () => `Bearer ${flipped(worker.token, 0)}`],
  ["last bit flipped", "signature", () => `Bearer ${flipped(worker.token, -1)}`],
  ["a bit in the middle flipped", "signature", () => `Bearer ${flipped(worker.token, 255)}`],
  ["signature cut by 3 bytes", "signature", () => `Bearer ${cutSignature(61)}`],
  ["no signature", "signature", () => `Bearer ${cutSignature(0)}`],
  ["signature all zeros", "signature", () => `Bearer ${zeroSignature()}`],
  ["claims of another token", "signature", () => otherClaims()],
  ["API key nobody has", "api_key_unknown", async () => `Bearer ${await newApiKey()}`],
  [
    "API key expired",
    "api_key_expired",
    () => apiKey(apiKeyRecord({ expires_at: "2026-01-02T00:00:00Z" })),
  ],
  ["API key revoked", "api_key_unknown", () => revokedKey()],
  ["API key, record not JSON", "api_key_bad_record", () => apiKey("{")],
  [
    "API key, record without scopes",
    "api_key_bad_record",
    () => apiKey(apiKeyRecord({ scopes: [] })),
  ],
  [
    "API key, record of another scope",
    "api_key_bad_record",
    () => apiKey(apiKeyRecord({ scopes: ["*"] })),
  ],
  [
    "API key, record without account",
    "api_key_bad_record",
    () => apiKey(apiKeyRecord({ account: undefined })),
  ],
  [
    "API key, record with a strange time",
    "api_key_bad_record",
    () => apiKey(apiKeyRecord({ expires_at: "soon" })),
  ],
  [
    "API key, record without expiry",
    "api_key_bad_record",
    () => apiKey(apiKeyRecord({ expires_at: undefined })),
  ],
];

const bearer = (more: Fields) => bearerOf(worker.zoo, more);
const signed = (more: Fields) => sign({}, more).then((token) => `Bearer ${token}`);
const withClaims = (more: Fields) =>
  `Bearer ${signRaw(header(), JSON.stringify({ ...claims(), ...more }))}`;
const withExp = (exp: string) =>
  `Bearer ${signRaw(header(), JSON.stringify(claims()).replace(/"exp":\d+/, `"exp":${exp}`))}`;
const twice = (member: string) =>
  `Bearer ${signRaw(header(), `{${member},${JSON.stringify(claims()).slice(1)}`)}`;
const twiceInHeader = () =>
  `Bearer ${signRaw(`{"alg":"none",${header().slice(1)}`, JSON.stringify(claims()))}`;
const zeroSignature = () => `${worker.token.split(".").slice(0, 2).join(".")}.${"A".repeat(86)}`;
const jwkText = () => JSON.stringify(ownKey().jwk);
const otherJwk = () => other.keys.ES256.jwk;
const apiKey = async (record: unknown) => `Bearer ${await storeKey(record)}`;

async function bearerOf(zoo: Zoo, more: Fields): Promise<string> {
  return `Bearer ${await zoo.signToken(more)}`;
}

async function pem(): Promise<string> {
  return exportSPKI((await importJWK(ownKey().jwk as JWK, "ES256")) as CryptoKey);
}

async function encrypted(): Promise<string> {
  const key = await importJWK(worker.zoo.keys.RS256.jwk as JWK, "RSA-OAEP");
  return new CompactEncrypt(Buffer.from(JSON.stringify(claims())))
    .setProtectedHeader({ alg: "RSA-OAEP", enc: "A256GCM" })
    .encrypt(key);
}

async function nested(): Promise<string> {
  const { kid, privateKey } = ownKey();
  return new CompactSign(Buffer.from(worker.token))
    .setProtectedHeader({ alg: "ES256", kid, cty: "JWT" })
    .sign(privateKey);
}

async function withRsaKey(alg: string): Promise<string> {
  const { kid, privateKey } = worker.zoo.keys.RS256;
  const text = `${part({ alg, kid })}.${part(claims())}`;
  const signature = createSign("SHA256")
    .update(text)
    .sign(privateKey as never);
  return `Bearer ${text}.${signature.toString("base64url")}`;
}

async function otherClaims(): Promise<string> {
  const [head, , signature] = worker.token.split(".");
  return `Bearer ${head}.${part({ ...claims(), sub: "somebody-else" })}.${signature}`;
}

async function revokedKey(): Promise<string> {
  const key = await storeKey(apiKeyRecord());
  const kv = await worker.runtime.getKVNamespace("API_KEYS");
  await kv.delete(await sha256Hex(key));
  return `Bearer ${key}`;
}

/** What the log says of a request. */
async function reasonOf({ logs }: StartedWorker, requestId: string): Promise<unknown> {
  const line = () => logs.find((text) => text.includes(`"${requestId}"`)) ?? "{}";
  await expect.poll(line).toContain("denied");
  return JSON.parse(line()).reason;
}

let requests = 0;
async function expectRefusal(
  { balance, ...asked }: StartedWorker,
  authorization: string,
  reason: Denial,
): Promise<void> {
  const id = `refusal-${++requests}`;
  const upstreamCalls = asked.zoo.balanceRequests.length;
  const response = await balance({ authorization, "x-request-id": id });
  const { request_id, ...body } = await expectProblem(response, 401, "invalid_credentials");
  expect(request_id).toBe(id);
  // An id of the same length, for the same Content-Length.
  const control = { authorization: "Bearer x", "x-request-id": id.replace("refusal", "control") };
  const reference = await balance(control);
  expect(await reference.json()).toMatchObject(body);
  const comparable = ({ headers }: Response) =>
    [...headers].filter(([name]) => !["date", "x-request-id"].includes(name));
  expect(comparable(response)).toEqual(comparable(reference));
  expect(response.headers.get("www-authenticate")).toMatch(/^Bearer\b/);
  expect(await reasonOf({ balance, ...asked }, id)).toBe(reason);
  expect(asked.zoo.balanceRequests).toHaveLength(upstreamCalls);
}

describe("a credential refused by its form and claims", () => {
  test.each(BAD_SHAPES)("gets 401 and costs no key: %s (%s)", async (_, reason, make) => {
    await expectRefusal(cold, await make(), reason);
  });

  test("costs no key fetch, while the first one that could be good costs one", async () => {
    const fetches = () => worker.zoo.jwksRequests.length + other.jwksRequests.length;
    const before = fetches();
    expect(cold.logs.join("\n")).not.toContain("keys_refreshed");
    expect((await cold.balance({ authorization: `Bearer ${worker.token}` })).status).toBe(200);
    expect(fetches()).toBe(before + 1);
  });
});

describe("a credential refused by a key or a record", () => {
  test.each(BAD_KEYS)("gets 401: %s (%s)", async (_, reason, make) => {
    await expectRefusal(worker, await make(), reason);
  });
});

test("a request with two Authorization headers is refused", async () => {
  const { token } = worker;
  const url = new URL("/v1/balance", worker.url);
  const raw = ["Authorization", `Bearer ${token}`, "Authorization", `Bearer ${token}`];
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  request(url.href, { headers: ["Host", url.host, ...raw] }, (response) => {
    response.resume();
    resolve(response.statusCode);
  })
    .on("error", reject)
    .end();
  expect(await promise).toBe(401);
});

test.each([{}, { authorization: "" }])(
  "a request without a credential (%j) is asked for one",
  async (headers) => {
    const response = await fetch(`${worker.url}/v1/balance`, { headers });
    await expectProblem(response, 401, "missing_credentials");
    expect(response.headers.get("www-authenticate")).toBe('Bearer realm="zoo-balance"');
  },
);

test.each(["GET", "HEAD"])("%s without a good credential is refused", async (method) => {
  for (const authorization of [undefined, "Bearer x"]) {
    const headers = authorization === undefined ? {} : { authorization };
    expect((await fetch(`${worker.url}/v1/balance`, { method, headers })).status).toBe(401);
  }
});

test("unusual but valid credentials get in", async () => {
  const good = [
    bearer({ nbf: seconds() + 15 }),
    bearer({ exp: seconds() - 15 }),
    bearer({ exp: seconds() + 600.5 }),
    bearer({ aud: ["another-app", worker.zoo.audience] }),
    bearer({ nbf: null, iat: null }),
    bearer({ events: ["login"] }),
    signed({ kid: undefined }),
    signed({ kid: "" }),
    signed({ kid: null }),
    signed({ typ: "at+jwt" }),
    signed({ typ: undefined }),
    signed({ typ: null }),
    // What a token says about its own key is ignored: the published one verifies it.
    signed({ jku: other.jwksUrl }),
    signed({ jwk: otherJwk() }),
    signed({ x5c: ["MIIB"], x5t: "x", x5u: "https://127.0.0.1:1/" }),
    bearer({ padding: "x".repeat(11_000) }),
    worker.zoo.signToken({}, { alg: "RS256" }).then((token) => `bearer ${token}`),
    `Bearer ${signRaw(header(), `{"x":{"sub":"a"},"y":[{"sub":"b"},{"sub":"c"}],${JSON.stringify(claims()).slice(1)}`)}`,
    apiKey(apiKeyRecord()),
  ];
  for (const authorization of await Promise.all(good)) {
    const { status } = await worker.balance({ authorization });
    expect(status, authorization).toBe(200);
  }
});
