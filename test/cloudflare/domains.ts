/** The account itself: who is logged in, its zones, its domains, its `workers.dev` name. */
import * as z from "zod";
import { ACCOUNT_ID, type Account } from "./account.ts";
import { jsonOf, ok, page, Refusal, type Routes } from "./call.ts";

const hostSchema = z.object({ hostname: z.string() });
const subdomainSchema = z.object({ subdomain: z.string() });

function requireZone({ zones }: Account, hostname: string): void {
  if (zones.some((zone) => hostname === zone || hostname.endsWith(`.${zone}`))) return;
  throw new Refusal(400, 100117, `Could not find zone for \`${hostname}\`.`);
}

/** Not below an account. */
export const USER_ROUTES: Routes = {
  "GET /user/tokens/verify": () => ok({ id: "token", status: "active" }),
  "GET /user": () => ok({ id: "user", email: "operator@example.com" }),
  "GET /memberships": (call) =>
    page(call, [{ id: "membership", account: { id: ACCOUNT_ID, name: "Operators" }, roles: [] }]),
  "GET /accounts": (call) => page(call, [{ id: ACCOUNT_ID, name: "Operators" }]),
  "GET /zones"(call) {
    const { account, query } = call;
    const name = query.get("name");
    const zones = account.zones.filter((zone) => name === null || zone === name);
    return page(
      call,
      zones.map((zone) => ({ id: zone, name: zone, account: { id: ACCOUNT_ID } })),
    );
  },
};

export const DOMAIN_ROUTES: Routes = {
  "GET /workers/subdomain"({ account: { subdomain } }) {
    if (subdomain !== null) return ok({ subdomain });
    throw new Refusal(404, 10063, "You need a workers.dev subdomain in order to proceed.");
  },
  "PUT /workers/subdomain"(call) {
    const { subdomain } = subdomainSchema.parse(jsonOf(call));
    call.account.subdomain = subdomain;
    return ok({ subdomain });
  },
  "POST /workers/scripts/:name/domains/changeset"(call, { name = "" }) {
    const hosts = z.array(hostSchema).parse(jsonOf(call));
    const { account } = call;
    for (const { hostname } of hosts) requireZone(account, hostname);
    const added = hosts.filter(({ hostname }) => !account.domains.has(hostname));
    const updated = hosts
      .filter(({ hostname }) => account.domains.has(hostname))
      .map((host) => ({ ...host, modified: account.domains.get(host.hostname) !== name }));
    return ok({ added, updated, removed: [], conflicting: [] });
  },
  "PUT /workers/scripts/:name/domains/records"(call, { name = "" }) {
    const { origins } = z.object({ origins: z.array(hostSchema) }).parse(jsonOf(call));
    for (const { hostname } of origins) requireZone(call.account, hostname);
    for (const { hostname } of origins) call.account.domains.set(hostname, name);
    return ok(origins.map(({ hostname }) => ({ id: hostname, hostname })));
  },
};
