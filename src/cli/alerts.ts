/**
 * `npm run alerts -- test https://hooks.example.com/zoo`: sends one signed test event, as the Worker would, to see
 * whether the receiver takes it. The secret is in the environment variable `ALERTS_SECRET`.
 */
import { isTaken, newMessage, send } from "../alerts/delivery.ts";
import { hmacKeyOf } from "../lib/standard-webhooks.ts";
import { isPublicHttps } from "../lib/url.ts";

/** @returns the words to print, and the exit code */
async function main([command, url, ...rest]: readonly string[]): Promise<[string, number]> {
  if (command !== "test" || url === undefined || rest.length > 0) {
    return ["Usage: ALERTS_SECRET=whsec_… npm run alerts -- test https://hooks.example.com/zoo", 2];
  }
  const secret = process.env.ALERTS_SECRET ?? "";
  if (!isPublicHttps(url)) {
    return ["The URL must be https, and its host public: the Worker sends to no other.", 2];
  }
  if (hmacKeyOf(secret) === null) {
    return ["ALERTS_SECRET must be base64 of at least 24 bytes (`whsec_…`).", 2];
  }
  const now = Date.now();
  const data = { account: "default", threshold: null, available: null };
  const delivery = await send({ url, secrets: [secret] }, newMessage("test", data, now), now);
  const { status } = delivery;
  return isTaken(delivery)
    ? [`The receiver accepted it (status ${status}).`, 0]
    : [`The receiver did not accept it: ${meaningOf(status)}.`, 1];
}

function meaningOf(status: number | string): string {
  if (status === "timeout") {
    return "no answer within 5 seconds: store the event first, and process it afterwards";
  }
  if (typeof status === "string") {
    return "no connection: check the address and its certificate";
  }
  if (status === 410) return "status 410: the Worker would drop the event, and not send it again";
  return status >= 300 && status < 400
    ? `status ${status}: redirects are not followed; configure the final address`
    : `status ${status}: anything but 2xx is sent again, for a day`;
}

const [message, code] = await main(process.argv.slice(2));
console.log(message);
process.exitCode = code;
