/** What is stored about an API key, in the KV namespace `API_KEYS` under the key's SHA-256. */

import * as z from "zod/mini";
import { accountName } from "../../config/config.ts";
import { SCOPES } from "../../context.ts";
import { listOf, matching, time } from "../../lib/schema.ts";

/** Fields that a later version adds are let pass; those that this one needs must be right. */
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
