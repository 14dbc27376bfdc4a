/**
 * The matrix of key sets: what the identity provider does × how old the known keys are × where they are stored ×
 * what the token says. Each cell is an issuer of its own; its answers are compared with `key-set-model.ts`.
 */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { problemOf } from "../../src/callers/denial.ts";
import { keysId, writeKeysCopy } from "../../src/callers/jwt/jwks.ts";
import { verifyJwt } from "../../src/callers/jwt/verify.ts";
import { IsolateState } from "../../src/config/isolate-state.ts";
import { LogThrottle } from "../../src/lib/log-throttle.ts";
import { LONG } from "../long.ts";
import {
  AGES,
  type Cell,
  PLACES,
  PROVIDERS,
  type ProviderState,
  TOKENS,
  type TokenKind,
  type Verdict,
  verdicts,
} from "./key-set-model.ts";
import { env, lookupOf } from "./support.ts";

const AGES_MS = { fresh: 60_000, renewable: 1_800_000, old: 7_200_000, future: -3.15e12 };
/** In the short form these stand for the others. */
const TYPICAL = new Set<string>(["fine", "rotated", "down", "hanging"]);
const TYPICAL_PLACES = new Set<string>(["KV and object", "object, KV failing"]);

const cells: Cell[] = [];
for (const provider of Object.keys(PROVIDERS) as ProviderState[]) {
  for (const age of AGES) {
    for (const place of PLACES) {
      for (const token of Object.keys(TOKENS) as TokenKind[]) {
        // Nothing is stored anywhere.
        if (age === "none" && place !== PLACES[0]) continue;
        if (!LONG && !(TYPICAL.has(provider) && TYPICAL_PLACES.has(place))) continue;
        cells.push({ provider, age, place, token });
      }
    }
  }
}

type Key = Awaited<ReturnType<typeof newKey>>;
async function newKey(kid: string) {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kty: "EC" as const, kid } };
}
let keys: Record<"known" | "new" | "forger", Key>;
beforeAll(async () => {
  keys = { known: await newKey("known"), new: await newKey("new"), forger: await newKey("x") };
});

/** What each issuer's host does, and how often it was asked. */
const hosts = new Map<string, { readonly does: ProviderState; calls: number }>();
const { setTimeout: original } = globalThis;
/** The Worker's own: of a fetch, and of waiting for a renewal. They run out a hundred times as fast, all others as ever. */
const DEADLINES_MS = [5_000, 2_000];
const hurried = (work: () => void, ms = 0) =>
  original(work, DEADLINES_MS.includes(ms) ? ms / 100 : ms);

beforeEach(() => {
  for (const level of ["info", "warn", "error"] as const)
    vi.spyOn(console, level).mockReturnValue();
  vi.spyOn(globalThis, "fetch").mockImplementation((input, init) => {
    const host = hosts.get(new URL(String(input)).host);
    if (host === undefined) throw new Error(`an unexpected request to ${String(input)}`);
    host.calls += 1;
    return answerOf(host.does, init?.signal ?? null);
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

async function answerOf(does: ProviderState, signal: AbortSignal | null): Promise<Response> {
  const names = PROVIDERS[does];
  if (names !== null) return Response.json({ keys: names.map((name) => keys[name].jwk) });
  switch (does) {
    case "status 503":
      return new Response(null, { status: 503 });
    case "garbage":
      return new Response("{]");
    case "an empty set":
      return Response.json({ keys: [] });
    case "another document":
      return Response.json({ error: "none" });
    case "hanging":
      return new Promise((_, reject) => {
        signal?.addEventListener("abort", () => reject(new Error("aborted")));
      });
    default:
      throw new Error("connection refused");
  }
}

/** The two answers of a cold isolate, and how often the provider was asked for them. */
async function play(cell: Cell): Promise<{ seen: [Verdict, Verdict]; calls: number }> {
  const host = `${crypto.randomUUID()}.example`;
  const asked = { does: cell.provider, calls: 0 };
  hosts.set(host, asked);
  const issuer = { issuer: `https://${host}`, audience: "app", jwks_url: `https://${host}/jwks` };
  await store(cell, keysId(issuer));
  const { key, kid } = TOKENS[cell.token];
  const token = await new SignJWT({ sub: "somebody" })
    .setProtectedHeader({ alg: "ES256", ...(kid !== null && { kid }) })
    .setIssuer(issuer.issuer)
    .setAudience("app")
    .setExpirationTime("1 day")
    .sign(keys[key].privateKey);
  const failing = { get: () => Promise.reject(new Error("boom")) };
  const BALANCE_KV = cell.place === "object, KV failing" ? failing : env.BALANCE_KV;
  const state = new IsolateState();
  const ask = async (): Promise<Verdict> => {
    const work: Promise<unknown>[] = [];
    const lookup = lookupOf(state, {
      env: { ...env, BALANCE_KV } as typeof env,
      waitUntil: (promise) => work.push(promise),
    });
    const verified = await verifyJwt(token, [issuer], lookup);
    await Promise.all(work);
    return verified.ok ? "ok" : (problemOf(verified).status as Verdict);
  };
  return { seen: [await ask(), await ask()], calls: asked.calls };
}

/** Stores the known key where the cell has it, as the object and KV hold it. */
async function store({ age, place }: Cell, id: string): Promise<void> {
  if (age === "none") return;
  const stored = { v: 1, id, fetched_at: Date.now() - AGES_MS[age], keys: [keys.known.jwk] };
  if (place === "KV and object" || place === "KV alone")
    await writeKeysCopy(env.BALANCE_KV, stored, new LogThrottle());
  if (place === "KV alone") return;
  const object = env.ISSUER_KEYS.getByName(id);
  await runInDurableObject(object, (_, { storage }) => storage.kv.put("keys", stored));
  await evictDurableObject(object);
}

const nameOf = ({ provider, age, place, token }: Cell) =>
  `provider: ${provider} / known keys: ${age} / in: ${place} / token: ${token}`;

/** For its age, and for a key that the set does not have: of an isolate and its object. */
const MOST_CALLS = 3;

describe(`the matrix of key sets, ${cells.length} cells`, () => {
  test("every answer is the promised one, and no cell asks the provider more than three times", async () => {
    const differences: string[] = [];
    for (const [provider, some] of Map.groupBy(cells, (cell) => cell.provider)) {
      vi.stubGlobal("setTimeout", provider === "hanging" ? hurried : original);
      const rest = [...some];
      const work = async () => {
        for (let cell = rest.shift(); cell !== undefined; cell = rest.shift()) {
          const { seen, calls } = await play(cell);
          const expected = verdicts(cell);
          if (`${seen}` === `${expected}` && calls <= MOST_CALLS) continue;
          differences.push(`${nameOf(cell)}: ${seen} for ${expected}, ${calls} calls`);
        }
      };
      await Promise.all(Array.from({ length: 16 }, work));
    }
    expect(differences).toEqual([]);
  });
});
