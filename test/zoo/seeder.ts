/** In workerd, before `wrangler dev` starts: puts a past into the account's history, by the history's own code. */
import { DurableObject } from "cloudflare:workers";
import type { BalanceRecord } from "../../src/balance/record.ts";
import { History } from "../../src/history/store.ts";

interface Env {
  readonly ACCOUNT_BALANCE: DurableObjectNamespace<AccountBalance>;
}

/** Under the name of the Worker's own class, so that it is the same object. */
export class AccountBalance extends DurableObject<Env> {
  /** @returns whether there was no history of that source yet */
  seed(records: readonly BalanceRecord[]): boolean {
    const history = new History(this.ctx.storage);
    const [first] = records;
    if (first === undefined || history.excerpt(first.source, 400, Date.now()).points.length > 0) {
      return false;
    }
    for (const record of records) history.add(record);
    return true;
  }

  /** The Worker's own alarm may come due meanwhile; it sets another at the next request. */
  override alarm(): void {}
}

export default {
  async fetch(request, env): Promise<Response> {
    const records: readonly BalanceRecord[] = await request.json();
    const account = records[0]?.account ?? "";
    return Response.json(await env.ACCOUNT_BALANCE.getByName(account).seed(records));
  },
} satisfies ExportedHandler<Env>;
