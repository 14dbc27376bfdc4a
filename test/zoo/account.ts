/** Zoo's `/user` and `/org`: whether the account can work, among private data that must stay with Zoo. */
import { type Fault, playFault } from "./faults.ts";
import type { LoggedRequest } from "./server.ts";

/** Private data, which may appear in no answer, copy or log of the proxy. */
export const PRIVATE = { email: "canary@private.example", phone: "+1-555-0100-canary" };

type Members = Readonly<Record<string, unknown>>;
type Context = Omit<Parameters<typeof playFault>[2], "body">;

const HEALTHY: Members = { block: null, allow_pay_as_you_go: true };

export type Account = ReturnType<typeof createAccount>;

export function createAccount() {
  let members = HEALTHY;
  let fault: Fault | null = null;
  const requests: LoggedRequest[] = [];

  const bodyOf = (path: string) => {
    const { allow_pay_as_you_go, ...ofOrg } = members;
    const shown = path === "/org" ? ofOrg : { ...ofOrg, allow_pay_as_you_go };
    return JSON.stringify({ id: "canary", ...PRIVATE, ...shown });
  };

  return {
    requests,
    isPath: (path: string) => path === "/user" || path === "/org",
    setMembers(next: Members) {
      members = next;
    },
    setFault(next: Fault | null) {
      fault = next;
    },
    reset() {
      members = HEALTHY;
      fault = null;
      requests.length = 0;
    },
    async answer(path: string, response: Parameters<typeof playFault>[1], context: Context) {
      const body = bodyOf(path);
      if (fault !== null && !(await playFault(fault, response, { ...context, body }))) return;
      response.writeHead(200).end(body);
    },
  };
}
