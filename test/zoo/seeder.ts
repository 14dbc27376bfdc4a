/** In workerd, before `wrangler dev` starts: puts a past into the account's history, by the history's own code. */
import { DurableObject } from "cloudflare:workers";
import type { BalanceRecord } from "../../src/balance/record.ts";
import { History } from "../../src/history/store.ts";

interface Env {
  readonly ACCOUNT_BALANCE: DurableObjectNamespace<AccountBalance>;
}

/** Under the name of the Worker's own class, so that it is the same object. */
export class AccountBalance extends DurableObject<Env> {
  /** Once: where there is a history of that source, it goes on. */
  seed(records: readonly BalanceRecord[]): void {
    const history = new History(this.ctx.storage);
    const [first] = records;
    if (first === undefined) return;
    if (history.excerpt(first.source, 400, Date.now()).points.length > 0) return;
    for (const record of records) history.add(record);
  }

  /** The Worker's own alarm may come due meanwhile; it sets another at the next request. */
  override alarm(): void {}
}

export default {
  async fetch(request, env): Promise<Response> {
    const records: readonly BalanceRecord[] = await request.json();
    const account = records[0]?.account ?? "";
    await env.ACCOUNT_BALANCE.getByName(account).seed(records);
    return new Response();
  },
} satisfies ExportedHandler<Env>;
