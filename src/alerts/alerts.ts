/** What an account's Durable Object knows of alerts: what it has told, and what is still on its way out. */
import * as z from "zod/mini";
import type { Failure } from "../balance/backoff.ts";
import type { BalanceRecord } from "../balance/record.ts";
import type { Account, Config } from "../config/config.ts";
import { version } from "../lib/schema.ts";
import {
  afterFailure,
  afterValue,
  type Decision,
  NOTHING_TOLD,
  type Told,
  toldSchema,
} from "./crossings.ts";
import { Outbox } from "./outbox.ts";

const STATE_KEY = "alerts";
const stateSchema = z.strictObject({
  v: version(1),
  /** What it is about: with another source nothing has been told. */
  source: z.string(),
  account: z.string(),
  told: toldSchema,
});
type State = z.infer<typeof stateSchema>;

export class Alerts {
  readonly #storage: DurableObjectStorage;
  readonly #outbox: Outbox;
  readonly #schedule: () => Promise<void>;

  /** @param schedule sets the object's one alarm, in view of {@link nextAt} */
  constructor(storage: DurableObjectStorage, schedule: () => Promise<void>) {
    this.#storage = storage;
    this.#schedule = schedule;
    this.#outbox = new Outbox(storage.sql);
  }

  async afterValue({ account, source, balance }: BalanceRecord, { alerts }: Config): Promise<void> {
    if (alerts === undefined) return;
    await this.#tell(account, source, (told) =>
      afterValue(told, balance.available, alerts.thresholds),
    );
  }

  async afterFailure(
    { name, source }: Account,
    { alerts }: Config,
    { reason }: Failure,
  ): Promise<void> {
    if (alerts === undefined) return;
    await this.#tell(name, source, (told) => afterFailure(told, reason));
  }

  /** Sends what is due. */
  async deliver({ alerts }: Config): Promise<void> {
    const state = this.#state();
    if (alerts === undefined || state === null) return;
    await this.#outbox.deliver(state.account, alerts);
  }

  async #tell(account: string, source: string, decide: (told: Told) => Decision): Promise<void> {
    const state = this.#state();
    const before = state?.source === source ? state.told : NOTHING_TOLD;
    const { told, events } = decide(before);
    if (state === null || JSON.stringify(told) !== JSON.stringify(before)) {
      this.#storage.kv.put(STATE_KEY, { v: 1, source, account, told } satisfies State);
    }
    if (events.length === 0) return;
    for (const event of events) this.#outbox.add(account, event, Date.now());
    await this.#schedule();
  }

  /** When there is something to deliver, epoch milliseconds; null when nothing waits. */
  nextAt(): number | null {
    return this.#outbox.nextAt();
  }

  #state(): State | null {
    return stateSchema.safeParse(this.#storage.kv.get(STATE_KEY)).data ?? null;
  }
}
