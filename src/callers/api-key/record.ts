/** The record of an API key, stored in the KV namespace `API_KEYS` under the key's SHA-256. */
import * as z from "zod/mini";
import { accountName } from "../../config/fields.ts";
import { SCOPES } from "../../context.ts";
import { listOf, matching, time } from "../../lib/schema.ts";

/** Fields a later version may add are ignored; those needed here must be valid. */
export const apiKeyRecordSchema = z.object({
  id: matching(/^[\w-]{1,64}$/, "must be an id"),
  name: matching(/^[^\p{C}]{1,100}$/u, "must be 1 to 100 printable characters"),
  account: accountName,
  scopes: listOf(z.enum(SCOPES)),
  created_at: time,
  /** Null: never. */
  expires_at: z.nullable(time),
});
export type ApiKeyRecord = z.infer<typeof apiKeyRecordSchema>;
