/** The identity of a caller. */
import type { Caller } from "../context.ts";
import { sha256Hex } from "../lib/digest.ts";

/** A caller, and how long the credential need not be looked up again. */
export interface Identified {
  readonly caller: Caller;
  /** Epoch milliseconds. */
  readonly until: number;
}

/** @returns the first 16 hex digits of SHA-256 over the parts, encoded so that no two lists collide */
export async function callerId(...parts: readonly string[]): Promise<string> {
  return sha256Hex(JSON.stringify(parts), 8);
}
