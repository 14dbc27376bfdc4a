/** What a good tutorial would write: verify, read KV, add an ETag. The keys are fetched by hono/jwk. */
import { Hono } from "hono";
import { etag } from "hono/etag";
import { jwk } from "hono/jwk";

interface Bindings {
  readonly BALANCE_KV: KVNamespace;
  readonly JWKS_URL: string;
}

const app = new Hono<{ Bindings: Bindings }>();
app.use("/v1/*", etag());
app.use("/v1/*", (c, next) => jwk({ jwks_uri: c.env.JWKS_URL, alg: ["ES256"] })(c, next));
app.get("/v1/balance", async (c) => {
  const balance = await c.env.BALANCE_KV.get("balance", "json");
  return c.json(balance ?? { filler: "x".repeat(480) });
});

export default app;
