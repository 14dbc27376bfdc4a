/** The processes of a world: workerd for each city and for the place where the objects live, and what they call. */
import { type RunningWorkerd, startWorkerd } from "../workerd.ts";
import { createIssuer, type Issuer } from "../zoo/issuer.ts";
import { ask } from "./ask.ts";
import type { EdgeModel } from "./edge.ts";
import { HOME } from "./latency.ts";
import { startCityServer, startOthers } from "./servers.ts";
import { CITY, OBJECTS_HOME } from "./workers.ts";

const AUDIENCE = "zoo-balance-proxy";

interface WorldSetup {
  readonly bundle: string;
  readonly cities: number;
  /** Asked at each call: a run may begin after the processes have. */
  readonly edge: () => EdgeModel;
  readonly vars: (issuer: Issuer, jwksUrl: string) => Readonly<Record<string, string>>;
}

export interface RunningCities extends AsyncDisposable {
  readonly issuer: Issuer;
  /** `GET` of a path in a city, by an isolate of that name. */
  get(
    path: string,
    city: number,
    isolate: string,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Response>;
  /** The cron trigger: resolves when its refreshes have ended. */
  tick(): Promise<void>;
}

export async function startCities(setup: WorldSetup): Promise<RunningCities> {
  const stack = new AsyncDisposableStack();
  try {
    return await start(setup, stack);
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function start(
  { bundle, cities: count, edge, vars: moreVars }: WorldSetup,
  stack: AsyncDisposableStack,
): Promise<RunningCities> {
  let homeUrl = "";
  let issuer: Issuer | undefined;
  const keySet = () => JSON.stringify(issuer?.jwks);
  const others = stack.use(await startOthers(edge, keySet));
  issuer = await createIssuer(others.url, AUDIENCE);
  const jwksUrl = `${others.url}/jwks.json`;
  const vars = {
    ZOO_API_URL: others.url,
    ZOO_API_TOKEN: "zoo_world",
    JWT_ISSUERS: JSON.stringify([{ issuer: others.url, audience: AUDIENCE, jwks_url: jwksUrl }]),
    ...moreVars(issuer, jwksUrl),
  };
  const cities: RunningWorkerd[] = [];
  for (let city = 0; city < count; city++) {
    const server = stack.use(await startCityServer(city, edge, () => homeUrl));
    const { host } = new URL(server.url);
    const common = {
      modules: { "bundle.js": bundle },
      outsideKv: { BALANCE_KV: host, API_KEYS: host },
      vars: { ...vars, EDGE_URL: server.url },
    };
    if (city === HOME) {
      const objects = { ACCOUNT_BALANCE: "AccountBalance", ISSUER_KEYS: "IssuerKeys" };
      const home = stack.use(await startWorkerd({ ...common, script: OBJECTS_HOME, objects }));
      homeUrl = home.url;
    }
    cities.push(stack.use(await startWorkerd({ ...common, script: CITY })));
  }
  return {
    issuer,
    get: (path, city, isolate, headers = {}) =>
      ask(`${cities[city]?.url}${path}`, { ...headers, "world-isolate": isolate }),
    async tick() {
      await ask(`${homeUrl}/cron`, {});
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
