/**
 * `npm run alerts -- test https://hooks.example.com/zoo`: sends one signed test event, as the Worker would, to see
 * whether the receiver takes it. The secret is in the environment variable `ALERTS_SECRET`.
 */
import { isTaken, newMessage, send } from "../alerts/delivery.ts";
import { hmacKeyOf } from "../lib/standard-webhooks.ts";
import { isPublicHttps } from "../lib/url.ts";

/** @returns what it came to, and the exit code */
async function main([command, url, ...rest]: readonly string[]): Promise<[string, number]> {
  if (command !== "test" || url === undefined || rest.length > 0) {
    return ["Usage: ALERTS_SECRET=whsec_… npm run alerts -- test https://hooks.example.com/zoo", 2];
  }
  const secret = process.env.ALERTS_SECRET ?? "";
  if (!isPublicHttps(url)) {
    return ["The URL must be https, of a public host: the Worker sends nowhere else.", 2];
  }
  if (hmacKeyOf(secret) === null) {
    return ["ALERTS_SECRET must be base64 of at least 24 bytes (`whsec_…`).", 2];
  }
  const now = Date.now();
  const data = { account: "default", threshold: null, available: null };
  const status = await send({ url, secret }, newMessage("test", data, now), now);
  return isTaken(status)
    ? [`The receiver took it (status ${status}).`, 0]
    : [`The receiver did not take it: ${meaningOf(status)}.`, 1];
}

function meaningOf(status: number | string): string {
  if (status === "timeout") {
    return "no answer within 5 seconds: take the event in first, and work on it afterwards";
  }
  if (typeof status === "string") {
    return "no connection: is the address right, and its certificate good?";
  }
  return status >= 300 && status < 400
    ? `status ${status}: redirects are not followed; configure the address itself`
    : `status ${status}: whatever is not 2xx is sent again, for a day`;
}

const [message, code] = await main(process.argv.slice(2));
console.log(message);
process.exitCode = code;
