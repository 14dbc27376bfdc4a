/** A constant answer after one signature check by jose, its key imported once: what a new caller must cost. */
import { compactVerify, type JWK } from "jose";

interface Bindings {
  readonly KEY: string;
  readonly BODY: string;
}

let key: JWK | undefined;

export default {
  async fetch(request, env) {
    key ??= JSON.parse(env.KEY) as JWK;
    const token = request.headers.get("authorization")?.slice("Bearer ".length) ?? "";
    await compactVerify(token, key, { algorithms: ["ES256"] });
    return new Response(env.BODY, { headers: { "content-type": "application/json" } });
  },
} satisfies ExportedHandler<Bindings>;
