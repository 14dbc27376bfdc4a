/** Shows the balance by the generated client, and how it is refused. */
import { getBalance, getBalanceHistory, getBalanceStatus } from "../../../../dist/clients/orval.ts";

const as = (token: string | undefined) => ({ headers: { authorization: `Bearer ${token}` } });
const good = as(process.env.BALANCE_TOKEN);

const balance = await getBalance(good);
const history = await getBalanceHistory({ days: 7 }, good);
if (balance.status !== 200 || history.status !== 200) throw new Error("The balance was refused");
const { available, status, plan, as_of } = balance.data;
const { points } = history.data;
console.log(available, status, plan?.title, new Date(as_of) < new Date(), points.length);
const refused = await getBalanceStatus(as("x"));
if (refused.status === 401) console.log(refused.status, refused.data.code);
