/** The two clients that know the API's types, as an app would use them. `npm run clients` compiles it strictly. */
import { hc } from "hono/client";
import createClient from "openapi-fetch";
import type { components, paths } from "../../dist/clients/zoo-balance.d.ts";
import type { AppType } from "../../src/app.ts";

export interface Shown {
  readonly available: string;
  readonly allowance: string | null;
  readonly units: number | null;
  readonly plan: string | null;
  readonly stale: boolean;
}

type Balance = components["schemas"]["Balance"];
export type Problem = components["schemas"]["Problem"];

const shown = ({ available, monthly, plan, stale }: Balance): Shown => ({
  available,
  allowance: monthly.allowance,
  units: monthly.units,
  plan: plan?.title ?? null,
  stale,
});

/** With openapi-fetch, over types generated from the document. */
export async function byOpenApiFetch(baseUrl: string, token: string): Promise<Shown | Problem> {
  const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
  const { data, error } = await client.GET("/v1/balance");
  return data === undefined ? error : shown(data);
}

/** With Hono's own client, over the types of the app. */
export async function byHono(baseUrl: string, token: string): Promise<Shown | number> {
  const client = hc<AppType>(baseUrl, { headers: { Authorization: `Bearer ${token}` } });
  const response = await client.v1.balance.$get();
  if (!response.ok) return response.status;
  const view = await response.json();
  if (!("available" in view)) throw new Error("the credential sees the status alone");
  return shown(view);
}
