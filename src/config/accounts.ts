/** `ACCOUNTS`: the Zoo accounts whose balances are served, with their tokens looked up in the secrets. */
import * as z from "zod/mini";
import { matching } from "../lib/schema.ts";
import { accountName, secretName } from "./fields.ts";

/** Location hints of Durable Objects (Cloudflare, "Data location"). */
export const LOCATIONS = [
  "wnam",
  "enam",
  "sam",
  "weur",
  "eeur",
  "apac",
  "oc",
  "afr",
  "me",
] as const;
type Location = (typeof LOCATIONS)[number];

const accountSchema = z.strictObject({
  token: secretName,
  subject: z.optional(z.enum(["user", "org"])),
  location: z.optional(z.enum(LOCATIONS)),
});

export const accountsSchema = z
  .catchall(z.object({}), accountSchema)
  .check(
    z.refine(
      (accounts) => Object.keys(accounts).every((name) => accountName.safeParse(name).success),
      "must have names of 1 to 64 letters, digits, dots, dashes, _",
    ),
  );

/** What an Authorization header can carry (RFC 6750, `b64token` and a little more). */
const tokenSchema = matching(/^[\x21-\x7e]{1,4096}$/, "must be a token");

export interface Account {
  readonly name: string;
  readonly token: string;
  /** The name of the secret that holds the token. */
  readonly tokenName: string;
  readonly subject: "user" | "org";
  /** Location hint for its Durable Object; undefined leaves the choice to Cloudflare. */
  readonly location: Location | undefined;
  /**
   * Identifies the Zoo account behind the name: API URL, subject and the secret's name (never its
   * value). A stored value with another source belongs to another Zoo account and is ignored.
   */
  readonly source: string;
}

/**
 * Looks up every account's token. Entries that are malformed are skipped, since the schema reports
 * them: a mistake in one must not hide a missing secret of another.
 *
 * @param value of `ACCOUNTS`, valid or not
 */
export function resolveAccounts(
  value: unknown,
  env: Readonly<Record<string, unknown>>,
  defaults: { readonly url: string; readonly location: Location | undefined },
): { readonly accounts: ReadonlyMap<string, Account>; readonly problems: readonly string[] } {
  const accounts = new Map<string, Account>();
  const problems: string[] = [];
  const given = typeof value === "object" && value !== null ? value : {};
  for (const [name, entry] of Object.entries({ default: { token: "ZOO_API_TOKEN" }, ...given })) {
    const parsed = accountSchema.safeParse(entry);
    if (!parsed.success || !accountName.safeParse(name).success) continue;
    const { token: secret, subject = "user", location = defaults.location } = parsed.data;
    const token = tokenSchema.safeParse(env[secret]);
    if (token.success) {
      const source = `${defaults.url} ${subject} ${secret}`;
      accounts.set(name, { name, token: token.data, tokenName: secret, subject, location, source });
    } else problems.push(`${secret}: the secret is missing or not a token (account ${name})`);
  }
  return { accounts, problems };
}
