/** What is stored about an API key, in the KV namespace `API_KEYS` under the key's SHA-256. */
import * as z from "zod/mini";
import { time } from "../balance/record.ts";
import { accountName } from "../config.ts";
import { SCOPES } from "./caller.ts";

/** Fields that a later version adds are let pass; those that this one needs must be right. */
export const apiKeyRecordSchema = z.object({
  id: z.string().check(z.regex(/^[\w-]{1,64}$/)),
  name: z.string().check(z.regex(/^[^\p{C}]{1,100}$/u)),
  account: accountName,
  scopes: z.array(z.enum(SCOPES)).check(z.minLength(1)),
  created_at: time,
  /** Null: never. */
  expires_at: z.nullable(time),
});
export type ApiKeyRecord = z.infer<typeof apiKeyRecordSchema>;
