/**
 * Whether Zoo lets the account work: `GET /user` or `GET /org`, of which exactly two fields are read. The
 * rest of that body is private data (name, email, phone) and goes nowhere.
 *
 * Best effort, beside the balance: whatever goes wrong is told as drift, and gives `null`.
 */
import type { Access } from "../balance/record.ts";
import type { Account, Config } from "../config/config.ts";
import { type FetchTextResult, fetchText } from "../lib/fetch-text.ts";
import { isObject, parseJson } from "../lib/json.ts";
import type { Drift } from "../lib/log.ts";

/** A refresh waits no longer than this for it, whatever the deadline of the balance is. */
const TIMEOUT_MS = 2_000;
const MAX_WORD_CHARS = 64;

export interface ReadAccess {
  /** Null when it is not known. */
  readonly access: Access | null;
  readonly drift: readonly Drift[];
}

/** Never throws. */
export async function fetchAccess(
  { subject, token }: Account,
  base: string,
  { ZOO_TIMEOUT_MS }: Pick<Config, "ZOO_TIMEOUT_MS">,
): Promise<ReadAccess> {
  const headers = { authorization: `Bearer ${token}` };
  const timeoutMs = Math.min(ZOO_TIMEOUT_MS, TIMEOUT_MS);
  return readAccess(await fetchText(`${base}/${subject}`, timeoutMs, headers), subject);
}

function readAccess(answer: FetchTextResult, subject: Account["subject"]): ReadAccess {
  const unknown = (type: string): ReadAccess => ({
    access: null,
    drift: [{ field: `(${subject})`, type }],
  });
  if (answer.head !== null && answer.head.status !== 200) {
    return unknown(`status ${answer.head.status}`);
  }
  if (answer.end !== "whole") return unknown(answer.end);
  const value = parseJson(answer.body);
  if (!isObject(value)) return unknown("not a JSON object");
  const { block = null, allow_pay_as_you_go: allowed = null } = value;
  const drift: Drift[] = [];
  const isWord = typeof block === "string" && block !== "" && block.length <= MAX_WORD_CHARS;
  if (block !== null && !isWord) drift.push({ field: "block", type: typeof block });
  const pay_as_you_go = typeof allowed === "boolean" ? allowed : null;
  if (allowed !== null && pay_as_you_go === null) {
    drift.push({ field: "allow_pay_as_you_go", type: typeof allowed });
  }
  if (block === null) return { access: { blocked: null, pay_as_you_go }, drift };
  return { access: isWord ? { blocked: block, pay_as_you_go } : null, drift };
}
