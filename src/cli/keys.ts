/**
 * `npm run keys`: creates, lists and revokes API keys, in wrangler's local stores or, with --remote and
 * wrangler's own login, in Cloudflare's. The Worker has no endpoint for it.
 */
import { parseArgs } from "node:util";
import { newApiKey, randomBase62 } from "../callers/api-key/format.ts";
import { type ApiKeyRecord, apiKeyRecordSchema } from "../callers/api-key/record.ts";
import { callerId } from "../callers/caller.ts";
import { SCOPES } from "../context.ts";
import { sha256Hex } from "../lib/digest.ts";
import { timeOf } from "../lib/schema.ts";
import { accountNames } from "./config/account-names.ts";
import { KeyStore, StoreError } from "./key-store.ts";
import { configuration } from "./run-wrangler.ts";

const HELP = `Usage:
  npm run keys -- create --name NAME [--account NAME] [--scope SCOPE]... [--expires WHEN]
  npm run keys -- list
  npm run keys -- revoke ID

  --name      who or what the key is for, such as "iOS staging"
  --account   the account its callers see (default: default)
  --scope     ${SCOPES.join(" or ")}; may be given twice (default: ${SCOPES[0]})
  --expires   a time from now, such as 12h or 90d, or a date, such as 2027-01-31 (default: never)

Where:
  --remote           in Cloudflare, with wrangler's login (default: wrangler's local stores)
  --env NAME         of the environment NAME in wrangler.toml, such as production
  --persist-to DIR   local stores elsewhere, as in wrangler dev --persist-to DIR`;

const UNITS_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

class UsageError extends Error {}

const options = {
  name: { type: "string" },
  account: { type: "string" },
  scope: { type: "string", multiple: true },
  expires: { type: "string" },
  remote: { type: "boolean" },
  env: { type: "string" },
  "persist-to": { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;
type Values = ReturnType<typeof parse>["values"];

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parse(args);
  const [command, ...rest] = positionals;
  if (values.help === true || args.length === 0) return console.log(HELP);
  if (values.remote === true && values["persist-to"] !== undefined) {
    throw new UsageError("--persist-to is for local stores, not for --remote.");
  }
  if (values.remote === true && (values.env ?? "") === "") {
    throw new UsageError(
      "--remote needs --env, such as --env production: the keys are those of an environment's Worker.",
    );
  }
  const store = new KeyStore({
    remote: values.remote ?? false,
    env: values.env ?? "",
    persistTo: values["persist-to"] ?? null,
  });
  const only = (...allowed: (keyof Values)[]) => refuseOthers(values, allowed);
  switch (command) {
    case "create":
      if (rest.length > 0) throw new UsageError(`create takes no "${rest[0]}": quote the name?`);
      return create(values, store);
    case "list":
      only();
      if (rest.length > 0) throw new UsageError(`list takes no "${rest[0]}".`);
      return list(store);
    case "revoke": {
      only();
      const [id, extra] = rest;
      if (id === undefined || extra !== undefined) throw new UsageError("revoke takes one ID.");
      if (/^zbp_/i.test(id)) {
        throw new UsageError("revoke takes the id of a key, not the key itself: see list.");
      }
      return revoke(id, store);
    }
    default:
      throw new UsageError(command === undefined ? "Say what to do." : `No command "${command}".`);
  }
}

/** An option of `create` alone must not be ignored silently elsewhere. */
function refuseOthers(values: Values, allowed: readonly (keyof Values)[]): void {
  for (const name of ["name", "account", "scope", "expires"] as const) {
    if (values[name] !== undefined && !allowed.includes(name)) {
      throw new UsageError(`--${name} is for create.`);
    }
  }
}

async function create(values: Values, store: KeyStore): Promise<void> {
  const now = new Date();
  const record = checked({
    id: randomBase62(10),
    name: values.name?.trim() ?? "",
    account: values.account ?? "default",
    scopes: [...new Set(values.scope ?? [SCOPES[0]])],
    created_at: timeOf(now),
    expires_at: values.expires === undefined ? null : expiryOf(values.expires, now),
  });
  const warning = unknownAccount(record.account, values.env ?? "");
  if (warning !== null) console.error(warning);
  const key = await newApiKey();
  await store.put(await sha256Hex(key), record);
  console.log(`${key}\n`);
  console.log(
    `The key of "${record.name}" (id ${record.id}): account ${record.account}, ` +
      `${record.scopes.join(" and ")}, ${record.expires_at === null ? "never expires" : `until ${record.expires_at}`}.`,
  );
  console.log("It is shown only this once: only its digest is stored.");
  console.log(
    values.remote === true
      ? "It works within a minute."
      : "It works with `npm run dev` and `npx wrangler dev`; for Cloudflare make one with --remote.",
  );
}

/** A key may come before its account, so this is no refusal; who sent its output elsewhere sees it all the same. */
function unknownAccount(account: string, environment: string): string | null {
  const names = accountNames(configuration(), environment);
  if (names === null || names.includes(account)) return null;
  const where = environment === "" ? "At the top of wrangler.toml" : `In [env.${environment}]`;
  const others = environment === "" ? " (or `.dev.vars`)" : "";
  return [
    `Warning: ${where}${others}, ACCOUNTS has no "${account}". There are: ${names.join(", ")}.`,
    "Until a version is deployed that has it, this key gets 403 unknown_account. If the name is wrong, revoke the key and make another.",
  ].join("\n");
}

/** The record, or in words what is wrong with it. */
function checked(record: Record<keyof ApiKeyRecord, unknown>): ApiKeyRecord {
  const parsed = apiKeyRecordSchema.safeParse(record);
  if (parsed.success) return parsed.data;
  switch (parsed.error.issues[0]?.path[0]) {
    case "name":
      throw new UsageError("--name takes 1 to 100 printable characters.");
    case "account":
      throw new UsageError("--account takes 1 to 64 letters, digits, dots, dashes, underscores.");
    case "scopes":
      throw new UsageError(`--scope takes ${SCOPES.join(" or ")}.`);
    default:
      throw parsed.error;
  }
}

function expiryOf(text: string, now: Date): string {
  const [, amount, unit] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  const ms = unit === undefined ? 0 : Number(amount) * UNITS_MS[unit as keyof typeof UNITS_MS];
  const date = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}Z)?$/.test(text) ? new Date(text) : null;
  const at = unit === undefined ? date : new Date(now.getTime() + ms);
  const real = at !== null && !Number.isNaN(at.getTime());
  // Date moves a day that its month does not have into the next month.
  if (!real || (date !== null && !timeOf(date).startsWith(text.slice(0, 10)))) {
    throw new UsageError(`--expires takes a time such as 12h or 90d, or a date: not "${text}".`);
  }
  if (at <= now) throw new UsageError(`--expires ${text} is not in the future.`);
  return timeOf(at);
}

async function list(store: KeyStore): Promise<void> {
  const stored = await store.list();
  if (stored.length === 0) return console.log("No keys.");
  const now = new Date();
  const rows = await Promise.all(
    stored.map(async ({ digest, record }) => {
      if (record === null) return [digest, "(unreadable record)", "", "", "", "", ""];
      const { id, name, account, scopes, created_at, expires_at } = record;
      const expired = expires_at !== null && new Date(expires_at) <= now;
      const until = expires_at === null ? "never" : `${expires_at}${expired ? " (expired)" : ""}`;
      const caller = await callerId("api-key", id);
      return [id, name, account, scopes.join(","), created_at, until, caller];
    }),
  );
  print([["ID", "NAME", "ACCOUNT", "SCOPES", "CREATED", "EXPIRES", "CALLER (in logs)"], ...rows]);
}

async function revoke(id: string, store: KeyStore): Promise<void> {
  const found = (await store.list()).filter(
    ({ digest, record }) => record?.id === id || digest === id,
  );
  if (found.length === 0)
    throw new UsageError(`There is no key with the id "${id}" (any more): see list.`);
  for (const { digest } of found) await remove(digest, store);
  const name = found[0]?.record?.name ?? "an unreadable record";
  console.log(`Revoked "${name}" (id ${id}). It stops working within about a minute.`);
}

/** When the answer to a deletion is lost, the key may be gone all the same: look before failing. */
async function remove(digest: string, store: KeyStore): Promise<void> {
  try {
    await store.delete(digest);
  } catch (error) {
    const left = await store.list().catch(() => null);
    if (left === null || left.some((key) => key.digest === digest)) throw error;
  }
}

function print(rows: readonly string[][]): void {
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  for (const row of rows) {
    console.log(
      row
        .map((cell, column) => cell.padEnd(width(column)))
        .join("  ")
        .trimEnd(),
    );
  }
}

/** What was given is quoted, and somebody may have given a key or a token. */
function withoutCredentials(message: string): string {
  return message.replace(/zbp_[^\s"']*|[^\s"']{33,}/gi, "…");
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) {
    console.error(`${withoutCredentials(error.message)}\nSee npm run keys -- --help`);
  } else if (error instanceof StoreError) console.error(error.message);
  else throw error;
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
