import { expect, test } from "vitest";
import { unstable_readConfig } from "wrangler";

const nameOf = ({ name }: { name: string }) => name;
const bindingOf = ({ binding }: { binding: string }) => binding;

test.each(["", "production"])("wrangler.toml gives the environment %j all it needs", (env) => {
  const config = unstable_readConfig({ config: "wrangler.toml", env }, { hideWarnings: true });
  expect(config.ratelimits.map(nameOf)).toEqual(["CALLER_LIMIT", "FAILURE_LIMIT"]);
  expect(config.kv_namespaces.map(bindingOf)).toEqual(["BALANCE_KV", "API_KEYS"]);
  expect(config.durable_objects.bindings.map(nameOf)).toEqual(["ACCOUNT_BALANCE", "ISSUER_KEYS"]);
  expect(config.analytics_engine_datasets.map(bindingOf)).toEqual(["METRICS"]);
  expect(config.assets?.directory).toBe("dist/site");
  // wrangler dev tells how to set a cron off, with a curl line of its own, before the one of the balance.
  expect(config.triggers.crons ?? []).toEqual(env === "production" ? ["*/15 * * * *"] : []);
  expect(config.observability?.logs?.invocation_logs).toBe(false);
});
