/** Whatever a caller sends, straight onto the wire: an answer of the contract, in time, that tells nothing. */
import { connect, type Socket } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { statusViewSchema, viewSchema } from "../../src/balance/view.ts";
import { type Chaos, startChaos } from "../e2e/chaos.ts";
import { PAYMENT_SECRET } from "../zoo/bodies.ts";
import { runs } from "./runs.ts";

const AT_ONCE = 20;
/** Above any deadline of the Worker's: only what would never end meets it. */
const DEADLINE_MS = 30_000;

const CODES: Readonly<Record<number, readonly string[]>> = {
  401: ["missing_credentials", "invalid_credentials"],
  403: ["insufficient_scope", "unknown_account"],
  404: ["not_found"],
  405: ["method_not_allowed"],
};
/** From workerd itself, which does not let everything through to the Worker. */
const OF_WORKERD = [400, 404, 431, 501];

let chaos: Chaos;
let tokens: string[];
beforeAll(async () => {
  chaos = await startChaos({ accounts: {}, vars: { CORS_ORIGINS: '["https://localhost"]' } });
  const { zoo } = chaos;
  tokens = await Promise.all([
    zoo.signToken({ account: "default" }),
    zoo.signToken({ account: "default", scope: "balance:status" }),
    zoo.signToken({ account: "nobody" }),
    zoo.signToken({}),
    zoo.signToken({ account: "default" }, { expiresIn: -60 }),
    zoo.signToken({ account: "default" }, { alg: "RS256" }),
  ]);
});
afterAll(() => chaos[Symbol.asyncDispose]());

/** What a header can hold: no line breaks, no NUL. */
const headerText = fc
  .string({
    unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
    maxLength: 60,
  })
  .map((text) => text.replaceAll("\x7f", ""));

const credential = fc.oneof(
  { weight: 3, arbitrary: fc.nat({ max: 5 }).map((n) => ({ n, from: 0, to: 0, insert: "" })) },
  fc.record({
    n: fc.nat({ max: 5 }),
    from: fc.nat({ max: 600 }),
    to: fc.nat({ max: 4 }),
    insert: fc.base64String({ maxLength: 8 }),
  }),
);
type Credential = { n: number; from: number; to: number; insert: string };
const tokenOf = ({ n, from, to, insert }: Credential) => {
  const token = tokens[n] ?? "";
  return token.slice(0, from) + insert + token.slice(from + to);
};

const authorization = fc.oneof(
  { weight: 4, arbitrary: credential.map((made) => ({ scheme: "Bearer ", made, text: "" })) },
  headerText.map((text) => ({ scheme: "", made: null, text })),
  fc
    .stringMatching(/^zbp_[0-9A-Za-z]{40,60}$/)
    .map((text) => ({ scheme: "Bearer ", made: null, text })),
  fc
    .constantFrom("Bearer", "bearer  ", "Basic ")
    .map((scheme) => ({ scheme, made: null, text: "" })),
  fc.nat({ max: 70_000 }).map((n) => ({ scheme: "Bearer ", made: null, text: "a.".repeat(n / 2) })),
);

const header = fc.oneof(
  fc.tuple(
    fc.constantFrom(
      "cache-control",
      "if-none-match",
      "origin",
      "x-request-id",
      "cf-ray",
      "cf-connecting-ip",
      "x-firebase-appcheck",
      "access-control-request-method",
      "range",
      "cookie",
      "accept",
      "x-forwarded-for",
    ),
    fc.oneof(
      headerText,
      fc.constantFrom(
        "no-cache",
        "max-age=0",
        "max-age=99999999999999999999",
        "*",
        'W/""',
        "https://localhost",
      ),
    ),
  ),
  fc.tuple(
    fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/).map((name) => `x-${name}`),
    headerText,
  ),
);

const path = fc.oneof(
  { weight: 6, arbitrary: fc.constant("/v1/balance") },
  fc.constantFrom(
    "/",
    "/health",
    "/v1/balance/",
    "//v1/balance",
    "/V1/BALANCE",
    "/v1/balance?account=other",
    "/v1/balance?",
    "/v1/%62alance",
    "/v1/../v1/balance",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/v1/balance%00",
    "/__proto__",
    `/${"x".repeat(9_000)}`,
    "*",
    "http://elsewhere.example/v1/balance",
  ),
  fc.webPath().map((text) => `/${text}`),
);

const request = fc.record({
  method: fc.oneof(
    { weight: 5, arbitrary: fc.constant("GET") },
    fc.constantFrom("HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "FOO", "get"),
  ),
  path,
  authorization: fc.option(authorization, { nil: undefined }),
  headers: fc.array(header, { maxLength: 4 }),
  body: fc.constantFrom("", "", "{}", "x".repeat(3_000)),
});
type Sent = typeof request extends fc.Arbitrary<infer T> ? T : never;

interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

async function exchange(sent: Sent): Promise<Answer> {
  const { hostname, port } = new URL(chaos.url);
  const lines = [`${sent.method} ${sent.path} HTTP/1.1`, "Host: x.example", "Connection: close"];
  if (sent.authorization !== undefined) {
    const { scheme, made, text } = sent.authorization;
    lines.push(`Authorization: ${scheme}${made === null ? text : tokenOf(made)}`);
  }
  for (const [name, value] of sent.headers) lines.push(`${name}: ${value}`);
  if (sent.body !== "") lines.push(`Content-Length: ${sent.body.length}`);
  const socket = connect(Number(port), hostname);
  socket.setTimeout(DEADLINE_MS, () => socket.destroy(new Error("no answer in time")));
  // workerd may close before it has read a body that it does not want.
  socket.write(Buffer.from(`${lines.join("\r\n")}\r\n\r\n${sent.body}`, "latin1"));
  const all = await received(socket);
  const [head = "", ...rest] = all.split("\r\n\r\n");
  const [first = "", ...fields] = head.split("\r\n");
  const headers = fields.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  return {
    status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]),
    headers: new Map(headers),
    body: rest.join("\r\n\r\n"),
  };
}

/** Until it closes, or is reset, as it may be by a server that did not want all of the request. */
function received(socket: Socket): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let all = "";
  socket.on("data", (data: Buffer) => {
    all += data.toString("latin1");
  });
  socket.once("close", () => resolve(Buffer.from(all, "latin1").toString()));
  socket.once("error", (error) => (all === "" ? reject(error) : undefined));
  return promise;
}

function check(sent: Sent, { status, headers, body }: Answer): void {
  for (const secret of [PAYMENT_SECRET, chaos.zoo.token, ...tokens]) {
    expect(body).not.toContain(secret);
    for (const value of headers.values()) expect(value).not.toContain(secret);
  }
  if (OF_WORKERD.includes(status) && !headers.has("x-request-id")) return;
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("x-request-id")).toMatch(/^[\w.:-]{1,64}$/);
  if (sent.method === "HEAD" || status === 204 || status === 304) {
    expect(body).toBe("");
    expect([200, 204, 304, ...Object.keys(CODES).map(Number)]).toContain(status);
    return;
  }
  const json: unknown = JSON.parse(body);
  if (status === 200) {
    if (JSON.stringify(json) === '{"status":"ok","version":"local"}') return;
    const { success } = viewSchema.safeParse(json);
    expect(success || statusViewSchema.safeParse(json).success).toBe(true);
    return;
  }
  expect(headers.get("content-type")).toBe("application/problem+json");
  expect(json).toMatchObject({ status, request_id: headers.get("x-request-id") });
  expect(CODES[status]).toContain(Reflect.get(json as object, "code"));
}

test("any request gets an answer of the contract that tells no secret", async () => {
  const statuses = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(request, { minLength: AT_ONCE, maxLength: AT_ONCE }),
      async (sent) => {
        const answers = await Promise.all(sent.map(exchange));
        for (const [n, answer] of answers.entries()) {
          try {
            check(sent[n] as Sent, answer);
          } catch (error) {
            const { status, body } = answer;
            throw new Error(`${JSON.stringify(sent[n])}: ${status} ${body}`, { cause: error });
          }
          statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        }
      },
    ),
    runs("requests", { short: 3_000, long: 60_000 }, AT_ONCE),
  );
  console.log("fuzz: answers by status", Object.fromEntries([...statuses].sort()));
  for (const status of [200, 401, 404, 405]) expect(statuses.get(status)).toBeGreaterThan(10);
  const logs = chaos.logs.join("\n");
  expect(logs).not.toContain('"internal"');
  for (const secret of [PAYMENT_SECRET, chaos.zoo.token, ...tokens])
    expect(logs).not.toContain(secret);
});
