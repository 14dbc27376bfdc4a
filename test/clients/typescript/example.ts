import { BalanceClient } from "../../../src/clients/typescript/client.ts";

const client = new BalanceClient({
  baseUrl: process.env.BALANCE_URL ?? "http://localhost:8787",
  owner: "user-1", // who is signed in
  // In a web view: store: webStore(localStorage)
  async credential(renew) {
    // Your identity provider's access token; with `renew` a new one, since the proxy refused the last.
    const token = process.env.BALANCE_TOKEN;
    if (renew || token === undefined) throw new Error("Sign in again");
    return token;
  },
});

// A screen shows all of them; this shows the first that has something to say.
for await (const { value, problem } of client.balances()) {
  if (value === null && problem === null) continue;
  console.log(`${value?.available} USD, ${value?.status}, ${problem?.code ?? "no problem"}`);
  break;
}
