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

test("wrangler.toml deploys nothing public without an environment, and production only whole", () => {
  const [dev, production] = ["", "production"].map((env) =>
    unstable_readConfig({ config: "wrangler.toml", env }, { hideWarnings: true }),
  );
  for (const config of [dev, production]) {
    expect(config).toMatchObject({ workers_dev: false, preview_urls: false, minify: true });
    expect(config?.version_metadata).toEqual({ binding: "CF_VERSION_METADATA" });
    expect(config?.build.command).toContain("npm run --silent gate");
  }
  expect(production?.build.command).toContain("gate -- --env production");
  expect(production?.secrets?.required).toEqual(["ZOO_API_TOKEN"]);
  expect(production?.durable_objects.code_update_strategy).toEqual({ mode: "immediate" });
  // At the top level it would keep the other keys of .dev.vars from wrangler dev.
  expect(dev?.secrets).toBeUndefined();
});
