/**
 * A request as a phone's HTTP library sends it. Not `fetch`: Node's adds `no-cache` to whatever has an
 * `If-None-Match`, which makes each poll a forced refresh.
 */
import { Agent, get } from "node:http";
import { text } from "node:stream/consumers";

const agent = new Agent({ keepAlive: true });

export function ask(url: string, headers: Readonly<Record<string, string>>): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent, headers }, (answer) => {
      text(answer).then((body) => {
        const { statusCode: status = 0 } = answer;
        const pairs = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
        const empty = status === 204 || status === 304;
        resolve(new Response(empty ? null : body, { status, headers: Object.fromEntries(pairs) }));
      }, reject);
    });
    request.on("error", reject);
  });
}
