/** The identity of a caller. */
import type { Caller } from "../context.ts";
import { sha256Hex } from "../lib/digest.ts";
import type { Denied } from "./denial.ts";

/** A verified credential. */
export interface Identified {
  readonly id: Caller["id"];
  /** What its holder may see, or why nothing. */
  readonly access: Pick<Caller, "account" | "scope"> | Denied;
  /** When the credential expires or must be looked up again, epoch milliseconds. */
  readonly until: number;
}

/** @returns the first 16 hex digits of SHA-256 over the parts, encoded so that no two lists collide */
export async function callerId(...parts: readonly string[]): Promise<string> {
  return sha256Hex(JSON.stringify(parts), 8);
}
