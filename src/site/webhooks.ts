/** What the receivers of alerts are sent: a webhook for each event, in the description's `webhooks`. */
import * as z from "zod/mini";
import type { AlertEvent } from "../alerts/events.ts";
import { money } from "../balance/record.ts";
import { time } from "../lib/schema.ts";
import { ACCOUNT } from "./descriptions.ts";
import type { Examples } from "./examples.ts";
import { type Json, MAX_WORD, ref, type Words } from "./json-schema.ts";
import { parametersNamed } from "./operations.ts";
import { named, parameter, text } from "./responses.ts";

type EventType = AlertEvent["type"];
/** The `data` of a message. A schema that lacks a member of it does not compile. */
type Sent<Type extends EventType> = { readonly account: string } & DataOf<AlertEvent, Type>;
type DataOf<Event, Type extends EventType> = Event extends { readonly type: EventType }
  ? Type extends Event["type"]
    ? Omit<Event, "type">
    : never
  : never;

const data = z.strictObject({
  account: z.string(),
  threshold: z.nullable(money),
  available: z.nullable(money),
}) satisfies z.core.$ZodType<Sent<"balance.low">>;
const runsOut = z.extend(data, {
  days: z.string(),
  lasts_until: time,
}) satisfies z.core.$ZodType<Sent<"balance.runs_out">>;
const toppedUp = z.extend(data, {
  amount: money,
}) satisfies z.core.$ZodType<Sent<"balance.topped_up">>;
const blocked = z.extend(data, {
  blocked: z.string(),
}) satisfies z.core.$ZodType<Sent<"account.blocked">>;

const eventWith = (schema: z.ZodMiniType) =>
  z.strictObject({ type: z.string(), timestamp: time, data: schema });

export const EVENT_SCHEMAS = {
  Event: eventWith(data),
  EventData: data,
  RunsOutEvent: eventWith(runsOut),
  RunsOutData: runsOut,
  ToppedUpEvent: eventWith(toppedUp),
  ToppedUpData: toppedUp,
  BlockedEvent: eventWith(blocked),
  BlockedData: blocked,
};
type EventSchema = keyof typeof EVENT_SCHEMAS;

const ENVELOPE: Words = {
  type: { description: "What happened. More words may come.", maxLength: MAX_WORD },
  timestamp: { description: "When it was noticed.", examples: ["2026-11-24T10:00:00Z"] },
};
const DATA: Words = {
  account: { ...ACCOUNT, description: "The account's name in the operator's configuration." },
  threshold: {
    description: "The threshold that was crossed, in USD; null when there is none.",
    examples: ["50.00"],
  },
  available: {
    description: "What can be spent now, in USD; null when not known.",
    examples: ["49.31"],
  },
};

/** Words of the event and of its data. */
const said = (description: string, type: EventType, more: Words = {}): [Words, Words] => [
  { "": { description }, ...ENVELOPE, type: { ...ENVELOPE.type, examples: [type] } },
  { "": { description: "What the event is about." }, ...DATA, ...more },
];
const [event, eventData] = said("Something happened to an account.", "balance.low");
const [runsOutEvent, runsOutData] = said("The balance will not last long.", "balance.runs_out", {
  days: {
    description: "The configured number of days; the balance will be used up before they are over.",
    maxLength: 3,
    pattern: "^[1-9][0-9]*$",
    examples: ["7"],
  },
  lasts_until: {
    description: "When nothing will be left, by the forecast.",
    examples: ["2026-11-29T18:00:00Z"],
  },
});
const [toppedUpEvent, toppedUpData] = said("Credits were bought.", "balance.topped_up", {
  amount: {
    description: "By how much the balance rose beyond the monthly credits, in USD.",
    examples: ["100.00"],
  },
});
const [blockedEvent, blockedData] = said(
  "Zoo refuses the account's API calls.",
  "account.blocked",
  {
    blocked: {
      description: "Why, in Zoo's own word; see `blocked` of the balance.",
      maxLength: MAX_WORD,
      examples: ["payment_method_failed"],
    },
  },
);

export const EVENT_WORDS: Readonly<Record<EventSchema, Words>> = {
  Event: event,
  EventData: eventData,
  RunsOutEvent: runsOutEvent,
  RunsOutData: runsOutData,
  ToppedUpEvent: toppedUpEvent,
  ToppedUpData: toppedUpData,
  BlockedEvent: blockedEvent,
  BlockedData: blockedData,
};

type Plain = z.input<typeof data>;
const LEFT: Plain = { account: "default", threshold: null, available: "49.31" };
const UNKNOWN: Plain = { account: "default", threshold: null, available: null };

interface Described {
  readonly summary: string;
  readonly schema: EventSchema;
  readonly data: Plain & Readonly<Record<string, string | null>>;
}
const plain = (summary: string, data: Plain): Described => ({ summary, schema: "Event", data });

const EVENTS: Readonly<Record<EventType, Described>> = {
  "balance.low": plain("The balance fell below a threshold", { ...LEFT, threshold: "50.00" }),
  "balance.exhausted": plain("Nothing is available any more", { ...LEFT, available: "0.00" }),
  "balance.recovered": plain("The balance is 10 % above a threshold again", {
    ...LEFT,
    threshold: "50.00",
    available: "146.72",
  }),
  "balance.runs_out": {
    summary: "By the forecast, the balance lasts for less than a configured number of days",
    schema: "RunsOutEvent",
    data: { ...LEFT, days: "7", lasts_until: "2026-11-29T18:00:00Z" },
  },
  "balance.topped_up": {
    summary: "Credits were bought",
    schema: "ToppedUpEvent",
    data: { ...LEFT, available: "149.31", amount: "100.00" },
  },
  "account.blocked": {
    summary: "Zoo refuses the account's API calls",
    schema: "BlockedEvent",
    data: { ...LEFT, blocked: "payment_method_failed" },
  },
  "account.unblocked": plain("Zoo accepts the account's API calls again", LEFT),
  "upstream.rejected": plain("Zoo refuses the proxy's token", UNKNOWN),
  "upstream.recovered": plain("Zoo accepts the proxy's token again", LEFT),
  "upstream.stale": plain("The balance could not be read for `stale_minutes`", UNKNOWN),
  "upstream.fresh": plain("The balance can be read again", LEFT),
};

/** Those of Standard Webhooks. */
export const WEBHOOK_HEADERS: Readonly<Record<string, Json>> = {
  WebhookId: sent("webhook-id", "The same whenever this event is sent again.", text(64), {
    id: "msg_0f5a1d9e-6a0e-4c53-9b1c-2f2f1e0d8a11",
  }),
  WebhookTimestamp: sent("webhook-timestamp", "When it is sent, in seconds since 1970.", text(16), {
    seconds: "1795514400",
  }),
  WebhookSignature: sent(
    "webhook-signature",
    "One signature or, while the secret is being changed, two: `v1,` and the HMAC-SHA256 of id, timestamp and body, in base64.",
    text(256),
    { one: "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=" },
  ),
};

/** A header that is always sent. */
function sent(name: string, description: string, schema: Json, examples: Examples): Json {
  return { ...parameter(name, description, examples), required: true, schema };
}

export function webhooks(): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(EVENTS).map(([type, { summary, schema, data }]) => {
      const value = { type, timestamp: "2026-11-24T10:00:00Z", data };
      const content = { schema: ref("schemas", schema), examples: named({ event: value }) };
      const operation = {
        operationId: `on${type.replace(/(?:^|[._])(.)/g, (_, letter) => letter.toUpperCase())}`,
        summary,
        description:
          "Sent to the receivers that `ALERTS` names, signed after Standard Webhooks. What is not answered with 2xx within 5 seconds is sent again, for up to a day, with the same `webhook-id`.",
        tags: ["alerts"],
        security: [],
        parameters: parametersNamed(...Object.keys(WEBHOOK_HEADERS)),
        requestBody: { required: true, content: { "application/json": content } },
        responses: {
          "2XX": { description: "Accepted: it is not sent again." },
          410: { description: "Not wanted: it is not sent again." },
          default: { description: "Failed: it is sent again later." },
        },
      };
      return [type, { post: operation }];
    }),
  );
}
