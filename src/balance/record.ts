/** The stored form of a balance: what the Durable Object keeps and what Workers KV holds a copy of. */
import * as z from "zod/mini";
import type { Account } from "../config/config.ts";
import { matching, moment, time, version, whole } from "../lib/schema.ts";

/** Raised when the stored form changes; a value of another version is a miss. */
const RECORD_VERSION = 1;

export const MONEY = /^-?\d+\.\d{2,}$/;
export const money = matching(MONEY, "must be canonical money").brand<"Money">();
export const credits = whole(0, Number.MAX_SAFE_INTEGER);
const units = z.nullable(credits);

export const planSchema = z.strictObject({
  name: z.string(),
  title: z.string(),
  pricing: z.string(),
  price: z.nullable(money),
  interval: z.nullable(z.string()),
  support: z.nullable(z.string()),
});

/** The part of the view that Zoo decides; the rest depends on the time and the configuration. */
export const balanceSchema = z.strictObject({
  available: money,
  monthly: z.strictObject({
    remaining: money,
    allowance: z.nullable(money),
    units,
    refreshes_at: z.nullable(time),
  }),
  prepaid: z.strictObject({ remaining: money, units, cash: z.nullable(money) }),
  total_due: z.nullable(money),
  plan: z.nullable(planSchema),
  updated_at: time,
});

/** Whether Zoo lets the account work. */
export const accessSchema = z.strictObject({
  /** Zoo's word for why it refuses the account's calls; null when it does not. */
  blocked: z.nullable(z.string()),
  /** Whether calls go on when the credits are gone; null when not known. */
  pay_as_you_go: z.nullable(z.boolean()),
});
export type Access = z.infer<typeof accessSchema>;

export const recordSchema = z.strictObject({
  v: version(RECORD_VERSION),
  account: z.string(),
  /** {@link Account.source} at that time. */
  source: z.string(),
  /** When the proxy had the whole answer from Zoo, epoch milliseconds. */
  fetched_at: moment,
  balance: balanceSchema,
  /** Null when not known; versions that did not ask for it stored none. */
  access: z.optional(z.nullable(accessSchema)),
  /**
   * Until when the account's object keeps the value fresh, since somebody reads it; epoch milliseconds,
   * 0 for not at all.
   */
  kept_until: z.optional(moment),
});

export type Plan = z.infer<typeof planSchema>;
export type Balance = z.infer<typeof balanceSchema>;
export type BalanceRecord = z.infer<typeof recordSchema> & {
  readonly access: Access | null;
  readonly kept_until: number;
};

type StoredFor = Pick<Account, "name" | "source">;

/** @throws ZodError when `value` is not one: a bug in the reader must not reach storage. */
export function newRecord(
  { name, source }: StoredFor,
  value: Pick<BalanceRecord, "balance" | "access">,
  fetchedAt: number,
  keptUntil: number,
): BalanceRecord {
  const { balance, access } = value;
  const stored = { v: RECORD_VERSION, account: name, source, fetched_at: fetchedAt, balance };
  const record = { ...stored, access, kept_until: keptUntil };
  recordSchema.parse(record);
  return record;
}

/** Clocks of two machines may differ a little; a value from further ahead is not ours. */
const MAX_CLOCK_SKEW_MS = 5_000;

/** A stored value if it is of this version, account and source and not from the future; else `null`. */
export function readRecord(
  value: unknown,
  { name, source }: StoredFor,
  now: number,
): BalanceRecord | null {
  const { success, data } = recordSchema.safeParse(value);
  if (!success || data.account !== name || data.source !== source) return null;
  if (data.fetched_at > now + MAX_CLOCK_SKEW_MS) return null;
  const { access = null, kept_until = 0, ...rest } = data;
  return { ...rest, access, kept_until };
}

/** The one that was fetched later; of the same fetch, the one that is kept fresh for longer. */
export function newest(a: BalanceRecord | null, b: BalanceRecord | null): BalanceRecord | null {
  if (a === null || b === null) return a ?? b;
  if (b.fetched_at !== a.fetched_at) return b.fetched_at > a.fetched_at ? b : a;
  return b.kept_until > a.kept_until ? b : a;
}
