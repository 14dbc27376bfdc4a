/**
 * The deployable bundle with a hand on its platform: time can be moved or stopped, deadlines be put off, and
 * Durable Objects be seeded, restarted, or out of reach, as a header of the request says.
 */
import proxy, { IssuerKeys, AccountBalance as Original } from "./bundle.js";

const realNow = Date.now.bind(Date);
let movedMs = 0;
/** The moment at which the clock stands, but for what it is moved. */
let frozenAt = null;
Date.now = () => (frozenAt ?? realNow()) + movedMs;

const realTimeout = setTimeout.bind(globalThis);
/** What is shorter is a pause between two looks, not a deadline. */
const SHORTEST_DEADLINE_MS = 300;
const OUT_OF_REACH_MS = 3_600_000;
/** Real milliseconds by those that the Worker asks for; null while timers are as they are. */
let deadlines = null;
globalThis.setTimeout = (work, ms, ...rest) => {
  const isDeadline = deadlines !== null && ms >= SHORTEST_DEADLINE_MS;
  return realTimeout(work, isDeadline ? (deadlines[ms] ?? OUT_OF_REACH_MS) : ms, ...rest);
};

/** Of all maps that were ever filled. */
let largestMap = 0;
const PlainMap = Map;
globalThis.Map = class extends PlainMap {
  set(key, value) {
    super.set(key, value);
    largestMap = Math.max(largestMap, this.size);
    return this;
  }
};

/** A rate limit of the platform's, by the clock that can be moved. */
function limiterOf(perMinute) {
  const counts = new PlainMap();
  let minute = 0;
  return {
    async limit({ key }) {
      const now = Math.floor(Date.now() / 60_000);
      if (now !== minute) counts.clear();
      minute = now;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      return { success: counts.get(key) <= perMinute };
    },
  };
}

export { IssuerKeys };

export class AccountBalance extends Original {
  /** Leaves behind what an earlier run is to have stored, and starts anew with it. */
  async seed(state) {
    this.ctx.storage.kv.put("state", state);
    await this.ctx.storage.sync();
    this.ctx.abort("seeded");
  }

  /** What the platform does as time passes, by a clock that is not the one that is moved: cron and alarm. */
  async tick(account) {
    await this.refresh({
      account,
      maxAge: null,
      wait: "until_done",
      by: "cron",
      requestId: "tick",
    });
    await this.alarm();
  }

  restart() {
    this.ctx.abort("restarted");
  }
}

const FAILURES = {
  throwing: {},
  retryable: { retryable: true },
  overloaded: { retryable: true, overloaded: true },
};

const environments = new Map();

/** One for each mode, and always the same: what the Worker remembers belongs to its environment. */
function environmentFor(mode, env) {
  if (!environments.has(mode)) {
    const METRICS = { writeDataPoint: (point) => console.log(`metric ${JSON.stringify(point)}`) };
    const refresh = async () => {
      throw Object.assign(new Error("chaos"), FAILURES[mode]);
    };
    const broken = { getByName: () => ({ refresh }) };
    const ACCOUNT_BALANCE = mode in FAILURES ? broken : env.ACCOUNT_BALANCE;
    const limits = Object.entries(JSON.parse(env.LIMITS ?? "{}"));
    const limiters = limits.map(([name, perMinute]) => [name, limiterOf(perMinute)]);
    environments.set(mode, { ...env, METRICS, ACCOUNT_BALANCE, ...Object.fromEntries(limiters) });
  }
  return environments.get(mode);
}

export default {
  async fetch(request, env, context) {
    if (new URL(request.url).pathname !== "/__chaos") {
      const mode = request.headers.get("x-chaos-object") ?? "up";
      return proxy.fetch(request, environmentFor(mode, env), context);
    }
    const { op, account, state, ms, only } = await request.json();
    if (op === "move") movedMs += ms;
    else if (op === "deadlines") deadlines = only;
    else if (op === "freeze") frozenAt ??= realNow();
    else if (op === "largest map") return Response.json(largestMap);
    else if (op === "tick") await env.ACCOUNT_BALANCE.getByName(account).tick(account);
    else {
      const object = env.ACCOUNT_BALANCE.getByName(account);
      // An object that aborts takes the call with it.
      await (op === "seed" ? object.seed(state) : object.restart()).catch(() => undefined);
    }
    return new Response();
  },
};
