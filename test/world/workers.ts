/**
 * Entries around the deployable bundle. A city's has the objects in another process, behind the network;
 * the home's answers for them. The bundle itself is not touched.
 */

/**
 * What an isolate remembers hangs on its environment, so a new environment is what a new isolate is. The
 * header that names the isolate says which.
 */
export const CITY = `
import proxy from "./bundle.js";

const isolates = new Map();

function environmentOf(isolate, env) {
  let known = isolates.get(isolate);
  if (known === undefined) {
    known = { ...env, ACCOUNT_BALANCE: namespace("ACCOUNT_BALANCE", env), ISSUER_KEYS: namespace("ISSUER_KEYS", env) };
    isolates.set(isolate, known);
  }
  return known;
}

const namespace = (binding, env) => ({
  getByName: (name) => new Proxy({}, {
    get: (_, method) => method === "then" ? undefined : (...args) => call(binding, name, method, args, env),
  }),
});

async function call(binding, name, method, args, env) {
  const url = env.EDGE_URL + "/object/" + binding + "/" + encodeURIComponent(name) + "/" + method;
  const response = await fetch(url, { method: "POST", body: JSON.stringify(args) });
  if (!response.ok) throw new Error("the object failed");
  return (await response.json()).answer;
}

export default {
  fetch: (request, env, context) =>
    proxy.fetch(request, environmentOf(request.headers.get("world-isolate"), env), context),
};`;

/** Without jitter: both worlds have to wait equally long after a failure. */
export const JITTER = 0.5;

export const OBJECTS_HOME = `
import proxy from "./bundle.js";
export { AccountBalance, IssuerKeys } from "./bundle.js";

Math.random = () => ${JITTER};

export default {
  async fetch(request, env, context) {
    const [, kind, binding, name, method] = new URL(request.url).pathname.split("/");
    if (kind === "cron") {
      await proxy.scheduled({}, env, context);
      return new Response();
    }
    const stub = env[binding].getByName(decodeURIComponent(name));
    return Response.json({ answer: await stub[method](...(await request.json())) });
  },
};`;
