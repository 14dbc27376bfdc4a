/** Deliveries by the object's alarm, with the clock moved from one to the next. */
import { runInDurableObject } from "cloudflare:test";
import { Webhook } from "standardwebhooks";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { AccountBalance } from "../../src/account/account-object.ts";
import { balanceBody } from "../zoo/bodies.ts";
import { demandOf, env, later } from "./support.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** In the future of the real clock, by which alarms go off: here they are called when their time has come. */
const START = Math.ceil(Date.now() / DAY_MS + 1) * DAY_MS;
const FIRST = "https://hooks.example/";
const SECOND = "https://pager.example/";
const ALERTS = { url: FIRST, secret: "HOOK", thresholds: ["50.00", "40.00"] };
const variables = { ALERTS, HOOK: btoa("x".repeat(32)), HOOK_2: btoa("y".repeat(32)) };

interface Line {
  readonly event: string;
  readonly reason?: string;
  readonly upstream_status?: unknown;
  readonly failures?: number;
  readonly retry_in_ms?: number;
}
const logs: Line[] = [];
for (const level of ["info", "warn", "error"] as const) {
  vi.spyOn(console, level).mockImplementation((line) => {
    logs.push(JSON.parse(String(line)));
  });
}

interface Attempt {
  readonly url: string;
  readonly id: string;
  readonly type: string;
  readonly threshold: string | null;
  readonly at: number;
  readonly init: RequestInit;
}
const attempts: Attempt[] = [];
const fetched = vi.spyOn(globalThis, "fetch");
let receive: (attempt: Attempt) => Response | Promise<Response>;
const answering = (status: number, headers: Record<string, string> = {}) => {
  return () => new Response(null, { status, headers });
};

beforeEach(() => {
  logs.length = 0;
  attempts.length = 0;
  receive = answering(204);
  fetched.mockImplementation(async (input, init = {}) => {
    const url = String(input);
    if (url.startsWith("https://api.zoo.dev/")) return Response.json(balanceBody("2026-08"));
    if (url !== FIRST && url !== SECOND) throw new Error(`an unexpected request to ${url}`);
    const id = new Headers(init.headers).get("webhook-id") ?? "";
    const { type, data } = JSON.parse(String(init.body));
    const attempt = { url, id, type, threshold: data.threshold, at: Date.now(), init };
    attempts.push(attempt);
    return receive(attempt);
  });
  vi.setSystemTime(START);
});
const about = (event: string) => logs.filter((line) => line.event === event);
const thresholdsTo = (url: string) =>
  attempts.filter((one) => one.url === url).map(({ threshold }) => threshold);

interface Inside {
  readonly object: AccountBalance;
  readonly storage: DurableObjectStorage;
  /** From now on it runs under this environment. */
  configure(changed: object): void;
  /** Has the alarms go off whose time comes until then. */
  alarmsUntil(end: number): Promise<void>;
}

const inObject = (name: string, work: (inside: Inside) => Promise<void>) =>
  runInDurableObject(
    env.ACCOUNT_BALANCE.getByName(name),
    (object: AccountBalance, { storage }: DurableObjectState) => {
      const configure = (changed: object) =>
        Reflect.set(object, "env", { ...env, ...variables, ...changed });
      configure({});
      return work({
        object,
        storage,
        configure,
        async alarmsUntil(end) {
          for (let at = await storage.getAlarm(); at !== null && at <= end; ) {
            vi.setSystemTime(Math.max(at, Date.now()));
            await storage.deleteAlarm();
            await object.alarm();
            at = await storage.getAlarm();
          }
          vi.setSystemTime(Math.max(end, Date.now()));
        },
      });
    },
  );

test("with a receiver that is down for good, an event is tried for a day, less and less often, then the next", async () => {
  receive = answering(500);
  await inObject("outbox-down", async ({ object, storage, alarmsUntil }) => {
    await object.refresh(demandOf());
    await alarmsUntil(START + 3 * DAY_MS);
    expect(await storage.getAlarm()).toBeNull();
  });
  const ids = [...new Set(attempts.map(({ id }) => id))];
  expect(ids).toHaveLength(2);
  const first = attempts.filter(({ id }) => id === ids[0]).map(({ at }) => at);
  const gaps = first.slice(1).map((at, n) => at - (first[n] ?? 0));
  for (const [n, gap] of gaps.slice(0, -1).entries()) {
    const longest = Math.min(HOUR_MS, 5_000 * 2 ** n);
    expect(gap).toBeLessThanOrEqual(longest);
    expect(gap).toBeGreaterThanOrEqual(longest * 0.75 - 1);
  }
  // Dropped a day after it was made, not before; nothing overtook it.
  expect((first.at(-1) ?? 0) - START).toBe(DAY_MS);
  expect(attempts.map(({ id }) => id).lastIndexOf(ids[0] ?? "")).toBe(first.length - 1);
  expect(about("alert_dropped")).toHaveLength(2);
  expect(about("alert_dropped")[0]).toMatchObject({
    reason: "balance.low",
    upstream_status: 500,
    failures: first.length,
  });
});

test("a receiver that never answers delays neither a refresh nor a caller, and is cut off after 5 s", async () => {
  const { promise: arrived, resolve } = Promise.withResolvers<void>();
  receive = ({ init }) => {
    resolve();
    return new Promise((_, reject) => {
      init.signal?.addEventListener("abort", () => reject(new Error("aborted")));
    });
  };
  await inObject("outbox-slow", async ({ object }) => {
    await object.refresh(demandOf());
    const delivering = object.alarm();
    await arrived;
    vi.setSystemTime(START + HOUR_MS);
    // Answered while the delivery hangs.
    expect((await object.refresh(demandOf())).record).not.toBeNull();
    expect(about("alert_failed")).toEqual([]);
    await delivering;
  });
  expect(about("alert_failed")).toMatchObject([{ upstream_status: "timeout", failures: 1 }]);
});

test("a value that becomes due while a slow receiver is waited for is refreshed as soon as that is over", async () => {
  receive = () => {
    later(5_000);
    return new Response(null, { status: 500 });
  };
  await inObject("outbox-keep-fresh", async ({ object, configure, alarmsUntil }) => {
    configure({ FRESH_SECONDS: 5 });
    await object.refresh(demandOf({ by: "reader" }));
    await alarmsUntil(START);
    await alarmsUntil(START + 5_000);
    expect(object.peek("default").record?.fetched_at).toBe(START + 5_000);
  });
});

test("a redirect is not followed, and counts as a failure", async () => {
  receive = answering(302, { location: "https://10.0.0.1/" });
  await inObject("outbox-redirect", async ({ object }) => {
    await object.refresh(demandOf());
    await object.alarm();
  });
  expect(attempts.map(({ init }) => init.redirect)).toEqual(["manual"]);
  expect(about("alert_failed")).toMatchObject([{ upstream_status: 302 }]);
});

test("without ALERTS nothing is stored and nothing sent", async () => {
  await inObject("outbox-none", async ({ object, storage, configure }) => {
    configure({ ALERTS: undefined });
    await object.refresh(demandOf());
    await object.alarm();
    expect(await storage.getAlarm()).toBeNull();
    expect(storage.kv.get("alerts_v2")).toBeUndefined();
    expect(storage.sql.exec("SELECT * FROM outbox_v1").toArray()).toEqual([]);
  });
  expect(attempts).toEqual([]);
});

describe("the manners of a webhook", () => {
  test.each([
    [429, "600", 600_000],
    [503, "1800", 1_800_000],
    [503, "86400", HOUR_MS],
    [429, new Date(START + 900_000).toUTCString(), 900_000],
  ])("Retry-After of a %i is honoured up to an hour: %s", async (status, value, expected) => {
    receive = answering(status, { "retry-after": value });
    await inObject(`outbox-asked-${status}-${value}`, async ({ object, alarmsUntil }) => {
      await object.refresh(demandOf());
      await alarmsUntil(START + 1);
      expect(about("alert_failed")).toMatchObject([{ retry_in_ms: expected }]);
      receive = answering(204);
      await alarmsUntil(START + expected - 1);
      expect(attempts).toHaveLength(1);
      await alarmsUntil(START + expected);
      expect(thresholdsTo(FIRST)).toEqual(["50.00", "50.00", "40.00"]);
    });
  });

  test.each([
    [500, "3600"],
    [503, "soon"],
    [429, "0"],
  ])("Retry-After of a %i that says %s does not change the backoff", async (status, value) => {
    receive = answering(status, { "retry-after": value });
    await inObject(`outbox-not-asked-${status}`, async ({ object }) => {
      await object.refresh(demandOf());
      await object.alarm();
    });
    const [line] = about("alert_failed");
    expect(line?.retry_in_ms).toBeGreaterThan(3_700);
    expect(line?.retry_in_ms).toBeLessThanOrEqual(5_000);
  });

  test("410 ends the event at once, with its line, and the next one goes out", async () => {
    receive = ({ threshold }) => new Response(null, { status: threshold === "50.00" ? 410 : 204 });
    await inObject("outbox-gone", async ({ object, storage, alarmsUntil }) => {
      await object.refresh(demandOf());
      await alarmsUntil(START);
      expect(await storage.getAlarm()).toBeNull();
    });
    expect(thresholdsTo(FIRST)).toEqual(["50.00", "40.00"]);
    expect(about("alert_dropped")).toMatchObject([{ upstream_status: 410, failures: 1 }]);
    expect(about("alert_sent")).toHaveLength(1);
  });

  test("with two secrets both signatures are sent, so a receiver that knows either accepts", async () => {
    await inObject("outbox-rotation", async ({ object, configure }) => {
      configure({ ALERTS: { ...ALERTS, secret: ["HOOK", "HOOK_2"] } });
      await object.refresh(demandOf());
      await object.alarm();
    });
    expect(attempts).toHaveLength(2);
    for (const { init } of attempts) {
      const headers = Object.fromEntries(new Headers(init.headers));
      expect(headers["webhook-signature"]?.split(" ")).toHaveLength(2);
      for (const secret of [variables.HOOK, variables.HOOK_2]) {
        expect(new Webhook(secret).verify(String(init.body), headers)).toBeTruthy();
      }
      const stranger = new Webhook(btoa("z".repeat(32)));
      expect(() => stranger.verify(String(init.body), headers)).toThrow("No matching signature");
    }
  });
});

describe("several receivers", () => {
  const both = [ALERTS, { ...ALERTS, url: SECOND, thresholds: ["45.00", "40.00"] }];

  test("each get their own events in their own order: one that is down holds up no other", async () => {
    receive = ({ url }) => new Response(null, { status: url === FIRST ? 500 : 204 });
    await inObject("receivers-order", async ({ object, configure, alarmsUntil }) => {
      configure({ ALERTS: both });
      await object.refresh(demandOf());
      await alarmsUntil(START + HOUR_MS);
      expect(thresholdsTo(SECOND)).toEqual(["45.00", "40.00"]);
      expect(new Set(thresholdsTo(FIRST))).toEqual(new Set(["50.00"]));
      receive = answering(204);
      await alarmsUntil(START + 3 * HOUR_MS);
      expect(thresholdsTo(FIRST).slice(-2)).toEqual(["50.00", "40.00"]);
      expect(thresholdsTo(SECOND)).toHaveLength(2);
    });
    expect(new Set(attempts.map(({ id }) => id)).size).toBe(4);
  });

  test("are each tried again in time: a slow one holds up another's retry no longer than it takes itself", async () => {
    receive = async ({ url }) => {
      if (url === FIRST) {
        await expect.poll(() => about("alert_failed")).toHaveLength(1);
        vi.setSystemTime(START + 6_000);
      }
      return new Response(null, { status: 500 });
    };
    await inObject("receivers-slow", async ({ object, configure, alarmsUntil }) => {
      configure({ ALERTS: both });
      await object.refresh(demandOf());
      await alarmsUntil(START);
      receive = answering(204);
      await alarmsUntil(START + MINUTE_MS);
    });
    const tried = attempts.filter(({ url }) => url === SECOND).map(({ at }) => at - START);
    expect(tried.slice(0, 2)).toEqual([0, 6_000]);
  });

  test("that are taken away leave events that are dropped after a day, or sent once they are back", async () => {
    await inObject("receivers-removed", async ({ object, configure, alarmsUntil, storage }) => {
      receive = answering(500);
      configure({ ALERTS: both });
      await object.refresh(demandOf());
      await alarmsUntil(START + MINUTE_MS);
      receive = answering(204);
      configure({});
      await alarmsUntil(START + HOUR_MS);
      expect(thresholdsTo(FIRST).slice(-1)).toEqual(["40.00"]);
      const sent = thresholdsTo(SECOND).length;
      await alarmsUntil(START + DAY_MS - 1);
      expect(about("alert_dropped")).toEqual([]);
      await alarmsUntil(START + DAY_MS);
      expect(about("alert_dropped")).toHaveLength(2);
      expect(thresholdsTo(SECOND)).toHaveLength(sent);
      expect(await storage.getAlarm()).toBeNull();
    });
  });
});

/** What an alarm may meet while an event waits, and what is configured then. */
const FAULTS: Readonly<Record<string, (inside: Inside) => Promise<void>>> = {
  "a bad configuration": async ({ configure, alarmsUntil }) => {
    configure({ FRESH_SECONDS: "never" });
    await alarmsUntil(Date.now() + 2 * MINUTE_MS);
  },
  "no ALERTS": async ({ configure, alarmsUntil }) => {
    configure({ ALERTS: undefined });
    await alarmsUntil(Date.now() + 2 * MINUTE_MS);
  },
  "an error": async ({ alarmsUntil }) => {
    const thrown = vi.spyOn(crypto.subtle, "importKey").mockRejectedValue(new Error("boom"));
    await alarmsUntil(Date.now() + 2 * MINUTE_MS);
    thrown.mockRestore();
  },
  "the loss of an alarm": async ({ storage }) => {
    await storage.deleteAlarm();
  },
  "an alarm that was used up": async ({ storage, configure, alarmsUntil }) => {
    configure({ FRESH_SECONDS: "never" });
    await alarmsUntil(Date.now() + 2 * MINUTE_MS);
    await storage.deleteAlarm();
  },
};

describe("after an alarm has met", () => {
  test.each(
    Object.entries(FAULTS).flatMap(([fault, meet]) =>
      [10 * MINUTE_MS, 23 * HOUR_MS].map((later) => [fault, later, meet] as const),
    ),
  )(
    "%s, the refresh %i ms later takes up what waits, once and in order",
    async (fault, later, meet) => {
      await inObject(`met-${fault}-${later}`, async (inside) => {
        const { object, configure, storage, alarmsUntil } = inside;
        receive = answering(500);
        await object.refresh(demandOf());
        await alarmsUntil(START);
        await meet(inside);
        attempts.length = 0;
        receive = answering(204);
        configure({});
        vi.setSystemTime(START + later);
        await object.refresh(demandOf());
        expect(await storage.getAlarm()).not.toBeNull();
        await alarmsUntil(Date.now() + MINUTE_MS);
        expect(thresholdsTo(FIRST)).toEqual(["50.00", "40.00"]);
        expect(new Set(attempts.map(({ id }) => id)).size).toBe(2);
        await alarmsUntil(START + 2 * DAY_MS);
        expect(attempts).toHaveLength(2);
      });
    },
  );

  test.each(Object.entries(FAULTS))(
    "%s, what is older than a day is dropped with its line, not sent",
    async (fault, meet) => {
      await inObject(`late-${fault}`, async (inside) => {
        const { object, configure, alarmsUntil, storage } = inside;
        receive = answering(500);
        await object.refresh(demandOf());
        await alarmsUntil(START);
        await meet(inside);
        await storage.deleteAlarm();
        attempts.length = 0;
        receive = answering(204);
        configure({});
        vi.setSystemTime(START + 19 * DAY_MS);
        await object.refresh(demandOf());
        await alarmsUntil(Date.now() + MINUTE_MS);
        expect(attempts).toEqual([]);
        expect(about("alert_dropped")).toMatchObject([
          { reason: "balance.low", upstream_status: "expired" },
          { reason: "balance.low", upstream_status: "expired" },
        ]);
        expect(await storage.getAlarm()).toBeNull();
      });
    },
  );

  test("a bad configuration for a day, what waits is dropped with its line, and the alarm rests", async () => {
    await inObject(
      "misconfigured-for-long",
      async ({ object, configure, alarmsUntil, storage }) => {
        receive = answering(500);
        await object.refresh(demandOf());
        await alarmsUntil(START);
        configure({ FRESH_SECONDS: "never" });
        await alarmsUntil(START + DAY_MS - 2 * MINUTE_MS);
        expect(about("alert_dropped")).toEqual([]);
        await alarmsUntil(START + DAY_MS + 2 * MINUTE_MS);
        expect(about("alert_dropped")).toHaveLength(2);
        expect(await storage.getAlarm()).toBeNull();
      },
    );
  });

  test("a bad configuration that is mended, the alarm comes again by itself within minutes", async () => {
    await inObject("met-mended", async ({ object, configure, alarmsUntil }) => {
      receive = answering(500);
      await object.refresh(demandOf());
      await alarmsUntil(START);
      configure({ FRESH_SECONDS: "never" });
      await alarmsUntil(START + 10 * MINUTE_MS);
      expect(about("misconfigured").length).toBeGreaterThan(1);
      receive = answering(204);
      attempts.length = 0;
      configure({});
      await alarmsUntil(START + 15 * MINUTE_MS);
      expect(thresholdsTo(FIRST)).toEqual(["50.00", "40.00"]);
    });
  });

  test("an error, the alarm comes again by itself within a minute", async () => {
    await inObject("met-again", async ({ object, alarmsUntil }) => {
      await object.refresh(demandOf());
      const thrown = vi.spyOn(crypto.subtle, "importKey").mockRejectedValueOnce(new Error("boom"));
      await alarmsUntil(START + MINUTE_MS);
      thrown.mockRestore();
      expect(about("internal")).toHaveLength(1);
      expect(thresholdsTo(FIRST)).toEqual(["50.00", "40.00"]);
    });
  });
});

test("Zoo that fails for stale_minutes is told of by the alarm, a minute after the attempt due then, and its end by the refresh", async () => {
  await inObject("silence", async ({ object, configure, alarmsUntil }) => {
    configure({ ALERTS: { ...ALERTS, thresholds: [], stale_minutes: 30 } });
    await object.refresh(demandOf());
    const healthy = fetched.getMockImplementation();
    fetched.mockImplementation(async (input, init) => {
      if (String(input).startsWith("https://api.zoo.dev/"))
        return new Response("", { status: 503 });
      if (healthy === undefined) throw new Error("the stand-in is gone");
      return healthy(input, init);
    });
    vi.setSystemTime(START + 15 * MINUTE_MS);
    await object.refresh(demandOf());
    await alarmsUntil(START + 31 * MINUTE_MS - 1);
    expect(attempts).toEqual([]);
    await alarmsUntil(START + 31 * MINUTE_MS);
    expect(attempts.map(({ type }) => type)).toEqual(["upstream.stale"]);
    await alarmsUntil(START + DAY_MS);
    await object.refresh(demandOf());
    if (healthy !== undefined) fetched.mockImplementation(healthy);
    vi.setSystemTime(START + DAY_MS + HOUR_MS);
    await object.refresh(demandOf());
    await alarmsUntil(START + DAY_MS + HOUR_MS);
    expect(attempts.map(({ type }) => type)).toEqual(["upstream.stale", "upstream.fresh"]);
  });
});
