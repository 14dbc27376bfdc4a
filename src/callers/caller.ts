/** Who is asking, once known, and what they may see. */
import { sha256Hex } from "../digest.ts";

/** `balance:read` is the whole view; `balance:status` the little of it that a widget shows. */
export const SCOPES = ["balance:read", "balance:status"] as const;
export type Scope = (typeof SCOPES)[number];

export interface Caller {
  /**
   * See {@link callerId}. For the log, and to count requests by. It hides who that is from a reader of
   * the log, not from one who guesses the subject and computes the same.
   */
  readonly id: string;
  /** The upstream account, from the credential alone. */
  readonly account: string;
  /** The widest one that the credential has. */
  readonly scope: Scope;
}

/** A caller, and until when that is known without looking again. */
export interface Identified {
  readonly caller: Caller;
  /** Epoch milliseconds. */
  readonly until: number;
}

/** @returns the first 16 hex digits of SHA-256 over the parts, which cannot run into each other */
export async function callerId(...parts: readonly string[]): Promise<string> {
  return sha256Hex(JSON.stringify(parts), 8);
}
