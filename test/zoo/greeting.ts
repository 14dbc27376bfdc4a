/** What `npm run dev` prints once the Worker answers: lines to copy, and what else there is to try. */
import { networkInterfaces } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { SCENE_NAMES } from "./demo.ts";
import type { Zoo } from "./server.ts";

/** What is running, as far as it is told. */
export interface Running {
  /** Where this machine reaches the Worker. */
  readonly base: string;
  readonly zoo: Zoo;
  /** What the Worker asks for the balance. */
  readonly zooUrl: string;
  /** Of `.dev.vars`, if it has one: then the stand-in is not asked. */
  readonly realToken: string | null;
  /** Whether `.dev.vars` names issuers: then the stand-in's tokens are not accepted. */
  readonly ownIssuers: boolean;
  /** Whether others in the network reach it. */
  readonly isOpen: boolean;
}

const ANSWER_MS = 15_000;

export async function greeting(running: Running, signal: AbortSignal): Promise<string> {
  const { base, zoo, zooUrl, realToken, ownIssuers, isOpen } = running;
  const origin =
    realToken === null
      ? "a local stand-in with a made-up balance (set ZOO_API_TOKEN in .dev.vars for the real one)"
      : "with the token in .dev.vars";
  const bearer = ownIssuers ? "$TOKEN" : await zoo.signToken();
  const first = ownIssuers ? null : await askAnew(base, bearer, signal);
  const refused = realToken !== null && (await isRefused(zooUrl, realToken, signal));
  return [
    "",
    `Proxy  ${base} (open it in a browser: a page that shows the balance)`,
    `Zoo    ${zooUrl}, ${origin}`,
    "",
    ...(refused
      ? ["Zoo refused ZOO_API_TOKEN in .dev.vars: put a valid one there and restart.", ""]
      : []),
    ...(ownIssuers
      ? ["First set TOKEN to a token of an issuer that JWT_ISSUERS in .dev.vars names.", ""]
      : []),
    ...(first === null || first.status === 200 || refused
      ? []
      : [`The first request was answered ${first.status}: ${first.text}`, ""]),
    ...curls(`${base}/v1/balance`, bearer, first?.etag ?? null),
    ...(isOpen ? phone(new URL(base).port) : []),
    ...(realToken === null ? scenes(zoo) : []),
  ].join("\n");
}

/** A forced refresh: what is stored may be of another scene, or of another token. */
async function askAnew(base: string, bearer: string, signal: AbortSignal) {
  const response = await fetch(`${base}/v1/balance`, {
    headers: { authorization: `Bearer ${bearer}`, "cache-control": "no-cache" },
    signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
  });
  const { status, headers } = response;
  const retryAfter = headers.get("retry-after");
  return { status, etag: headers.get("etag"), retryAfter, text: await response.text() };
}

/** Asks Zoo itself: while a stored value is fresh, the Worker's answers do not show it. */
async function isRefused(zooUrl: string, token: string, signal: AbortSignal): Promise<boolean> {
  try {
    const { status } = await fetch(`${zooUrl}/user/payment/balance`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    });
    return status === 401 || status === 403;
  } catch {
    // No network, or no such host: the Worker's log says so.
    return false;
  }
}

function curls(url: string, bearer: string, etag: string | null): string[] {
  const unchanged = [`If-None-Match: ${etag ?? 'W/"the ETag of an earlier answer"'}`];
  return [
    "The balance:",
    curl("-s", url, bearer),
    "Its history:",
    curl("-s", `${url}/history`, bearer),
    "Only if it has changed (304 if not):",
    curl("-i", url, bearer, ...unchanged),
    "Refreshed now, not from what is stored:",
    curl("-s", url, bearer, "Cache-Control: no-cache"),
    "",
  ];
}

/** Single quotes for literal text, double quotes where the shell has to fill in $TOKEN. */
function curl(options: "-s" | "-i", url: string, bearer: string, ...headers: string[]): string {
  const quote = bearer.startsWith("$") ? '"' : "'";
  const more = headers.map((header) => ` -H '${header}'`).join("");
  return `  curl ${options} ${url} -H ${quote}Authorization: Bearer ${bearer}${quote}${more}`;
}

function phone(port: string): string[] {
  const addresses = Object.values(networkInterfaces())
    .flat()
    .filter((found) => found?.family === "IPv4" && !found.internal)
    .map((found) => `http://${found?.address}:${port}`);
  return [
    `From a phone in the same network: ${addresses.join(" or ") || "this machine has no address there"}`,
    `  Android: its emulator reaches this machine as http://10.0.2.2:${port}; plain http needs android:usesCleartextTraffic="true" in the manifest of a debug build.`,
    `  iOS: its simulator reaches it as http://127.0.0.1:${port}; plain http needs NSAllowsLocalNetworking in the Info.plist, and a phone asks for access to the local network.`,
    "",
  ];
}

function scenes(zoo: Zoo): string[] {
  const fault = JSON.stringify({ op: "setFault", fault: { kind: "status", status: 503 } });
  return [
    "Other states of the account: type one here, or start with it (DEMO=low npm run dev). A failure shows",
    "once the stored value is no longer fresh (a minute):",
    `  ${SCENE_NAMES}`,
    "Any other fault (test/zoo/faults.ts), and back to normal:",
    `  curl -s ${zoo.url}/__control -d '${fault}'`,
    `  curl -s ${zoo.url}/__control -d '${JSON.stringify({ op: "reset" })}'`,
    "",
  ];
}

/** What an app sees now, in a line. */
export async function seenNow({ base, zoo }: Running, signal: AbortSignal): Promise<string> {
  const bearer = await zoo.signToken();
  const first = await askAnew(base, bearer, signal);
  // Zoo was asked a moment ago, or has just failed: it is not asked again before that.
  if (first.retryAfter !== null)
    await sleep(Number(first.retryAfter) * 1_000, undefined, { signal });
  const { status, retryAfter, text } =
    first.retryAfter === null ? first : await askAnew(base, bearer, signal);
  const { code, ...view } = JSON.parse(text) as Record<string, unknown>;
  const stale = view.stale === true ? `, stale: ${view.stale_reason}` : "";
  const seen = status === 200 ? `${view.status}, ${view.available}${stale}` : code;
  return `${status} ${seen}${retryAfter === null ? "" : `; Zoo is asked again in ${retryAfter} s`}`;
}
